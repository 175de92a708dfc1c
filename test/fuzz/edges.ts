import { inspect } from "node:util";
import { MsgHdrsImpl } from "@nats-io/transport-node";
import type { Incoming } from "odori";
import { AMQP, type Binding, HTTP, KAFKA, NATS, readJson, readMessage } from "odori/cloudevents";
import { readKafka } from "../../src/adapters/kafka/read.ts";
import { readNats } from "../../src/adapters/nats/read.ts";
import { readRabbit } from "../../src/adapters/rabbitmq/read.ts";
import { encodeValue } from "../../src/cloudevents/binding.ts";
import { once, pick, type Random } from "./random.ts";
import { TYPE, type Wire } from "./wire.ts";

/** A message in the shape in which a client hands it to its adapter. */
export interface Message {
  readonly read: () => readonly Incoming[];
  /** The same for the same message: what its identity may depend on. */
  readonly content: string;
}

/** Where messages come in: each makes a client's message out of a wire. */
export interface Edge {
  readonly name: string;
  readonly make: (random: Random, wire: Wire, place: number) => Message;
}

type Header = readonly [name: string, value: string];

/** Values of headers are strings, also of an attribute with another value. */
function headersOf(random: Random, { attributes, mediaType, more }: Wire, binding: Binding) {
  const headers: Header[] = attributes.map(([name, json]) => {
    const value = encodeValue(binding, plain(json).toWellFormed());
    return [`${pick(random, [binding.prefixes[0] ?? "", ...binding.prefixes])}${name}`, value];
  });
  if (mediaType !== undefined) headers.push([binding.contentType, mediaType]);
  if (once(random, 3)) headers.reverse();
  return [...headers, ...more];
}

function plain(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : json;
  } catch {
    return json;
  }
}

const http: Edge = {
  name: "http",
  make(random, wire) {
    const headers = headersOf(random, wire, HTTP);
    const read = () => [readMessage(HTTP, TYPE, { headers, body: wire.body }, Date.now())];
    return { read, content: contentOf(headers, wire.body) };
  },
};

const kafka: Edge = {
  name: "kafka",
  make(random, wire, place) {
    const headers = new Map<Buffer | null, Buffer | null>();
    for (const [name, value] of headersOf(random, wire, KAFKA))
      headers.set(Buffer.from(name), once(random, 40) ? null : spoiled(random, value));
    if (once(random, 20)) headers.set(null, Buffer.from("x"));
    const value = once(random, 100) ? null : Buffer.from(wire.body);
    const record = { topic: `odori.${TYPE}`, partition: 0, offset: BigInt(place), headers, value };
    return { read: () => [readKafka(TYPE, record)], content: `${place}` };
  },
};

/** Bytes of a text, now and then with one that is not UTF-8. */
function spoiled(random: Random, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (once(random, 30) && bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

const nats: Edge = {
  name: "nats",
  make(random, wire, place) {
    const lines = headersOf(random, wire, NATS).map(([name, value]) => `${name}: ${value}\r\n`);
    const first = once(random, 30)
      ? pick(random, ["NATS/9\r\n", "", "NATS/1.0 503\r\n"])
      : "NATS/1.0\r\n";
    const raw = spoiled(random, `${first}${lines.join("")}${once(random, 40) ? "" : "\r\n"}`);
    const message = {
      data: wire.body,
      info: { stream: "ODORI", streamSequence: place },
      // The client parses them when they are asked for.
      get headers() {
        return MsgHdrsImpl.decode(raw);
      },
    };
    return { read: () => readNats(TYPE, message), content: `${place}` };
  },
};

const VALUES = [5, 1.5, true, new Date(0), new Date(Number.NaN), null, undefined, { a: [1] }];

const rabbitmq: Edge = {
  name: "rabbitmq",
  make(random, wire) {
    const all = headersOf(random, { ...wire, mediaType: undefined }, AMQP);
    const headers: Record<string, unknown> = {};
    for (const [name, value] of all)
      headers[name] = once(random, 30) ? VALUES[random.below(VALUES.length)] : value;
    const { mediaType: contentType } = wire;
    const messageId = once(random, 3) ? `${random.below(3)}` : undefined;
    const message = {
      headers,
      body: wire.body,
      ...(contentType === undefined ? {} : { contentType }),
      ...(messageId === undefined ? {} : { messageId }),
    };
    const listed = Object.entries(headers).flatMap(([name, value]): Header[] =>
      value === null || value === undefined ? [] : [[name, canonical(value)]],
    );
    const content = contentOf([...listed, ["", `${contentType} ${messageId}`]], wire.body);
    return { read: () => readRabbit(TYPE, message), content };
  },
};

/** CloudEvents gives numbers and booleans a text, so they are the same as that text. */
function canonical(value: unknown): string {
  return typeof value === "object" ? inspect(value) : String(value);
}

const postgres: Edge = {
  name: "postgres",
  make(_, { body }, place) {
    // Text of a database: well-formed, without U+0000.
    const text = Buffer.from(body).toString().replaceAll("\u0000", "");
    const read = () => [readJson(TYPE, text, Date.now(), `${place}`)];
    return { read, content: `${place}` };
  },
};

export const EDGES: readonly [Edge, ...Edge[]] = [http, kafka, nats, rabbitmq, postgres];

/** Headers that a broker counts with may differ between deliveries of one message. */
function contentOf(headers: readonly Header[], body: Uint8Array): string {
  const kept = headers.filter(([name]) => !/^x-/i.test(name));
  const sorted = kept.map((header) => JSON.stringify(header)).sort();
  return `${sorted.join()}\n${Buffer.from(body).toString("latin1")}`;
}

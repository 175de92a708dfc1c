import { jsonObject, jsonString, jsonValue } from "./json.ts";
import { once, pick, type Random } from "./random.ts";

/** A message before an edge puts it into the shape of its client. */
export interface Wire {
  /** In structured mode they are members of the body, else headers. A value is JSON. */
  readonly attributes: readonly (readonly [name: string, json: string])[];
  readonly structured: boolean;
  readonly mediaType: string | undefined;
  /** Headers that are no attributes. */
  readonly more: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

type Header = readonly [name: string, value: string];

export const TYPE = "order.placed.v1";

const SOUND: readonly (readonly [string, string])[] = [
  ["specversion", '"1.0"'],
  ["id", '"0197c2f0-7d1a-7cc1-8b0e-6a1f5c1c7e11"'],
  ["type", JSON.stringify(TYPE)],
  ["source", '"/order"'],
  ["time", '"2026-01-02T03:04:05.678Z"'],
  ["sagaid", '"o-1"'],
  ["correlationid", '"o-1"'],
  ["traceparent", '"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"'],
  ["tracestate", '"congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"'],
];

const NAMES = [
  ...["id", "ID", "type", "source", "time", "sagaid", "specversion", "datacontenttype", "data"],
  ...["data_base64", "__proto__", "constructor", "partitionkey", "tenant", "x y", "é", ""],
] as const;

const MEDIA_TYPES = [
  ...["application/json", "application/json; charset=utf-8", "APPLICATION/VND.X+JSON", ""],
  ...["application/cloudevents+json", "application/cloudevents", "application/cloudevents-batch"],
  ...["application/cloudevents-batch+json", "application/cloudevents-batch+json; charset=utf-8"],
  ...["text/plain", " application/json ", `application/cloudevents${" ".repeat(5_000)}x`],
  `application/${"+".repeat(5_000)}json`,
] as const;

const VALUES = ['"2026-02-30T00:00:00Z"', '"a%ZZ%C3"', '"%ff%fe"', '"\\"q\\\\"', '"a b"'] as const;

const HEADERS: readonly [Header, ...Header[]] = [
  ["x-delivery-count", "2"],
  ["x-death", "{}"],
  ["trace", ""],
  ["content-type", "text/html"],
  ["__proto__", "1"],
  ["constructor", "a"],
];

/** A message that is sound, or in some way not. */
export function wireOf(random: Random): Wire {
  const attributes = [...SOUND];
  const oddities = Math.max(0, random.below(5) - 2);
  for (let i = 0; i < oddities; i++) spoil(random, attributes);
  const payload = once(random, 3) ? jsonValue(random) : `{"orderId":${jsonString(random)}}`;
  const structured = once(random, 2);
  const mediaType = once(random, 5) ? pick(random, MEDIA_TYPES) : "application/json";
  const more = Array.from({ length: random.below(3) }, () => pick(random, HEADERS));
  if (!structured) return { attributes, structured, mediaType, more, body: noisy(random, payload) };
  const data = once(random, 20) ? "data_base64" : "data";
  const members = [...attributes, [data, payload] as const];
  const text = jsonObject(members.map(([name, value]) => [JSON.stringify(name), value]));
  if (once(random, 8)) return batchOf(random, text, more);
  const list = once(random, 50) ? `[${text}]` : text;
  return { attributes: [], structured, mediaType, more, body: noisy(random, list) };
}

/** Several messages as one; the same one may be in it twice. */
function batchOf(random: Random, text: string, more: Wire["more"]): Wire {
  const others = Array.from({ length: random.below(4) }, () =>
    once(random, 3) ? text : jsonValue(random),
  );
  const between = once(random, 4) ? " ,\n" : ",";
  const body = noisy(random, `[${[text, ...others].join(between)}]`);
  const mediaType = "application/cloudevents-batch+json";
  // Not every binding has the media type of a batch in the header of a payload's.
  const header = ["content-type", mediaType] as const;
  return { attributes: [], structured: true, mediaType, more: [...more, header], body };
}

function spoil(random: Random, attributes: (readonly [string, string])[]): void {
  const place = random.below(attributes.length);
  const [name = "id"] = attributes[place] ?? [];
  const value = once(random, 2) ? jsonString(random) : jsonValue(random);
  const kind = random.below(5);
  if (kind === 0) attributes.splice(place, 1);
  else if (kind === 1) attributes[place] = [name, value];
  else if (kind === 2) attributes.push([name, value]);
  else if (kind === 3) attributes[place] = [name, pick(random, VALUES)];
  else attributes.push([pick(random, NAMES), value]);
}

const NOISE: readonly (readonly number[])[] = [
  ...[[0xef, 0xbb, 0xbf], [0xff], [0xc3], [0xed, 0xa0, 0x80], [0x00], [0xc0, 0x80], [0x0d, 0x0a]],
  ...[[0x22], [0x5c], [0x7b], [0x7d], [0x2c], [0xf4, 0x90, 0x80, 0x80]],
];

/** The bytes of a text; one in five has raw noise. */
function noisy(random: Random, text: string): Uint8Array {
  const bytes = Buffer.from(text);
  if (!once(random, 5)) return once(random, 500) ? padded(bytes) : bytes;
  const place = random.below(bytes.length + 1);
  const kind = random.below(4);
  if (kind === 0) return bytes.subarray(0, place);
  if (kind === 1) {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[place % changed.length] = random.below(256);
    return changed;
  }
  const noise = Buffer.from(pick(random, [[0x20], ...NOISE]));
  const before = kind === 2 ? bytes.subarray(0, 0) : bytes.subarray(0, place);
  return Buffer.concat([before, noise, bytes.subarray(before.length)]);
}

/** Valid JSON with white space beyond the limit of a message. */
function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc(70_000, " ")]);
}

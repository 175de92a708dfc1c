import { hash } from "node:crypto";
import fc from "fast-check";
import type { MalformedMessage } from "odori";
import { AMQP, type Binding, HTTP, KAFKA, NATS, readMessage } from "odori/cloudevents";
import { describe, expect, it } from "vitest";
import { encodeValue } from "../../src/cloudevents/binding.ts";
import { decodeJson, decodeStored } from "../../src/cloudevents/json.ts";
import { readKept, shownEvent, toKept } from "../../src/cloudevents/kept.ts";

const TYPE = "gateway.confirmed.v1";
const NOW = Date.parse("2026-01-02T03:04:05.678Z");
const ATTRIBUTES = { specversion: "1.0", id: "1", type: TYPE, source: "/gateway", sagaid: "s" };

type Attributes = Readonly<Record<string, string>>;

function binary(attributes: Attributes, body: string | Uint8Array, binding: Binding = NATS) {
  const [prefix = ""] = binding.prefixes;
  const headers = Object.entries(attributes).map(
    ([name, value]) => [`${prefix}${name}`, encodeValue(binding, value)] as const,
  );
  return { headers, body };
}

function malformed(message: Parameters<typeof readMessage>[2]): MalformedMessage {
  const incoming = readMessage(NATS, TYPE, message, NOW);
  if (!("malformed" in incoming)) throw new Error("it could be read");
  return incoming;
}

describe("unreadable-messages-lost: a message is known by all that was received", () => {
  const body = '{"status":"ok"}';
  const { sagaid: _, ...unaddressed } = ATTRIBUTES;

  it("messages with one body and other attributes are different ones", () => {
    const all = ["1", "2", "3"].map((id) => malformed(binary({ ...unaddressed, id }, body)));
    expect(new Set(all.map(({ id }) => id)).size).toBe(3);
    expect(all.map(({ raw }) => JSON.parse(raw).id)).toEqual(["1", "2", "3"]);
  });

  it("a redelivery is the same one: counters of the broker and the order of headers differ", () => {
    const { headers } = binary(unaddressed, body);
    const first = malformed({ headers, body });
    const counted = [["x-delivery-count", "2"] as const, ...headers.toReversed()];
    expect(malformed({ headers: counted, body }).id).toBe(first.id);
    expect(malformed({ headers: headers.values(), body }).id).toBe(first.id);
    const [here, there] = ["t/0/1", "t/0/2"].map((place) => malformed({ headers, body, place }));
    expect(here?.id).not.toBe(there?.id);
  });

  it("no message can be made that has the identity of another one", () => {
    const { id, headers } = { ...malformed({ headers: [["a", "b"]], body }), headers: [] };
    // What the identity of a message with headers is a hash of.
    const posing = JSON.stringify(["", [["a", "b"]], hash("sha256", body, "hex")]);
    expect(malformed({ headers, body: posing }).id).not.toBe(id);
    expect(hash("sha256", posing, "base64url")).toBe(id);
  });

  it("what is kept has every attribute, the verbatim payload, and no invented time", () => {
    const number = '{ "n": 9007199254740993, "price": 1.50 }';
    const message = malformed(binary({ ...ATTRIBUTES, tenant: "a" }, number));
    expect(message.error.code).toBe("NUMBER_INEXACT");
    expect(message.raw).toContain(`"data":${number}`);
    expect(JSON.parse(message.raw)).toMatchObject({ ...ATTRIBUTES, tenant: "a" });
    expect(message.raw).not.toContain('"time"');
    expect(message.head).toMatchObject({ sagaId: "s", id: "1", source: "/gateway" });
  });

  it("a payload that is not JSON is kept as base64, and never becomes an event", () => {
    for (const payload of ["hello", "{", new Uint8Array([0xff, 0xfe])]) {
      const { raw, head } = malformed(binary(ATTRIBUTES, payload));
      expect(Buffer.from(JSON.parse(raw).data_base64, "base64")).toEqual(Buffer.from(payload));
      expect(head?.sagaId).toBe("s");
      expect(() => decodeJson(raw, { now: NOW })).toThrow(
        expect.objectContaining({ code: "MESSAGE_MALFORMED" }),
      );
    }
    const text = malformed(binary({ ...ATTRIBUTES, datacontenttype: "text/plain" }, "5 apples"));
    expect(() => decodeJson(text.raw, { now: NOW })).toThrow("text/plain");
  });

  it("of a message that is too large, the attributes and the beginning are kept", () => {
    const { raw, head, error } = malformed(binary(ATTRIBUTES, `"${"x".repeat(70_000)}"`));
    expect([error.code, head?.sagaId, raw.length]).toEqual(["MESSAGE_TOO_LARGE", "s", 4_096]);
    expect(raw).toMatch(/"sagaid":"s","data":"x+$/);
  });

  it("a message of another type is never parked under a saga of this one", () => {
    const other = { ...ATTRIBUTES, type: "order.placed.v1" };
    expect(malformed(binary(other, body)).head).toBeUndefined();
  });
});

describe("an event that was heard is kept as it was received", () => {
  const value = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" });
  const names = fc.stringMatching(/^[a-z0-9]{1,8}$/).filter((name) => !/^data/.test(name));
  const extensions = fc.dictionary(names, value, { maxKeys: 4 });
  const bindings = fc.constantFrom(AMQP, HTTP, KAFKA, NATS);
  const payloads = fc.constantFrom('{"price":1.50}', "[1e3, 2.0]", " null ", '"a b"', "");

  it("in any binding: attributes, payload, and the time of arrival", () => {
    fc.assert(
      fc.property(bindings, extensions, payloads, (binding, more, payload) => {
        const attributes = { ...more, ...ATTRIBUTES };
        const incoming = readMessage(binding, TYPE, binary(attributes, payload, binding), NOW);
        if ("malformed" in incoming) throw incoming.error;
        const kept = toKept(incoming);
        const [text] = JSON.parse(kept.text);
        expect(text).toMatchObject(attributes);
        expect(kept.text).toContain(payload.trim());
        expect(decodeStored(kept.text)).toEqual([incoming]);
        // What is read again is kept again without a change.
        const again = readKept(kept, 0);
        expect(again && toKept(again)).toEqual(kept);
      }),
    );
  });

  it("a body that another program shows is an event, or none", () => {
    const event = readMessage(NATS, TYPE, binary(ATTRIBUTES, "{}"), NOW);
    if ("malformed" in event) throw event.error;
    expect(shownEvent(toKept(event))).toEqual(event);
    // A service that keeps its payloads to itself shows a null.
    for (const text of ["[null]", "[{}]", "[]", "null", "", "[[]]"])
      expect(shownEvent({ malformed: false, text })).toBeUndefined();
    expect(shownEvent({ ...toKept(event), malformed: true })).toBeUndefined();
  });
});

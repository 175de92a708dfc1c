import { CloudEvent, HTTP } from "cloudevents";
import fc from "fast-check";
import type { EventEnvelope } from "odori";
import { describe, expect, it } from "vitest";
import { decodeJson, decodeStored, encodeJson, encodeStored } from "../../src/cloudevents/json.ts";
import { ATTRIBUTE_MAX_CHARS, checkAttribute } from "../../src/contract/envelope.ts";

const attribute = fc
  .string({ minLength: 1, maxLength: ATTRIBUTE_MAX_CHARS, unit: "grapheme" })
  .filter((text) => {
    try {
      return checkAttribute("any", text) === text;
    } catch {
      return false;
    }
  });
const optional = fc.option(attribute, { nil: undefined });
const hex = (length: number) =>
  fc.string({ minLength: length, maxLength: length, unit: fc.constantFrom(..."0123456789abcdef") });
const traceparent = fc
  .tuple(hex(32), hex(16), hex(2))
  .filter(([trace, span]) => /[^0]/.test(trace) && /[^0]/.test(span))
  .map((parts) => `00-${parts.join("-")}`);
const envelopes: fc.Arbitrary<EventEnvelope> = fc.record({
  specversion: fc.constant("1.0" as const),
  id: attribute,
  type: attribute,
  source: attribute,
  time: fc
    .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString()),
  subject: optional,
  sagaId: attribute,
  correlationId: attribute,
  causationId: optional,
  traceparent: fc.option(traceparent, { nil: undefined }),
  data: fc.jsonValue({ maxDepth: 4 }).map((value): unknown => JSON.parse(JSON.stringify(value))),
});
const plain = envelopes.filter(
  ({ data }) =>
    !JSON.stringify(data).includes('"__proto__"') &&
    JSON.stringify(data).isWellFormed() &&
    !/\\ud[89a-f]/.test(JSON.stringify(data)),
);

describe("CloudEvents in JSON", () => {
  it("what is written is read back", () => {
    fc.assert(
      fc.property(plain, (event) => {
        const text = encodeJson(event);
        expect(decodeJson(text, { now: 0, maxBytes: 1e9 })).toEqual(event);
        expect(decodeJson(new TextEncoder().encode(text), { now: 0, maxBytes: 1e9 })).toEqual(
          event,
        );
        expect(decodeStored(encodeStored([event, event]))).toEqual([event, event]);
      }),
    );
  });

  it("the CloudEvents SDK reads what is written, and what it writes is read", () => {
    const event: EventEnvelope = {
      specversion: "1.0",
      id: "1",
      type: "order.placed.v1",
      source: "/order",
      time: "2026-01-02T03:04:05.678Z",
      subject: "o-1",
      sagaId: "s",
      correlationId: "c",
      causationId: "0",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      data: { orderId: "o-1", amount: 100 },
    };
    const read = HTTP.toEvent({
      headers: { "content-type": "application/cloudevents+json" },
      body: encodeJson(event),
    });
    if (!(read instanceof CloudEvent)) throw new Error("not one event");
    expect(read.validate()).toBe(true);
    expect(read).toMatchObject({
      id: "1",
      type: "order.placed.v1",
      sagaid: "s",
      correlationid: "c",
      causationid: "0",
      partitionkey: "s",
      data: event.data,
    });
    const written = HTTP.structured(read);
    expect(decodeJson(String(written.body), { now: 0 })).toEqual(event);
  });

  it("any bytes are read, or refused with a code: never anything else", () => {
    const codes = new Set([
      "MESSAGE_MALFORMED",
      "MESSAGE_TOO_LARGE",
      "NUMBER_INEXACT",
      "PAYLOAD_REFUSED",
    ]);
    const mangled = plain.chain((event) => {
      const bytes = new TextEncoder().encode(encodeJson(event));
      return fc
        .tuple(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length))
        .map(([at, byte, length]) => {
          const copy = bytes.slice(0, length);
          if (at < copy.length) copy[at] = byte;
          return copy;
        });
    });
    fc.assert(
      fc.property(fc.oneof(mangled, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          decodeJson(bytes, { now: 0 });
        } catch (error) {
          expect(codes).toContain(error instanceof Error && "code" in error ? error.code : error);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("base64 is JSON inside, or refused; both kinds of data at once are refused", () => {
    const base = { specversion: "1.0", id: "1", type: "t", source: "/s", sagaid: "s" };
    const read = (members: object) =>
      decodeJson(JSON.stringify({ ...base, ...members }), { now: 0 });
    expect(read({ data_base64: Buffer.from('{"a":1}').toString("base64") }).data).toEqual({ a: 1 });
    for (const members of [
      { data_base64: "AAAA" },
      { data_base64: 1 },
      { data: 1, data_base64: "MQ==" },
    ]) {
      expect(() => read(members)).toThrow(expect.objectContaining({ code: "MESSAGE_MALFORMED" }));
    }
    expect(read({}).data).toBeNull();
    expect(read({ subject: null, correlationid: null }).correlationId).toBe("s");
  });
});

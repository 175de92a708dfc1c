import { decodeJson } from "odori/cloudevents";
import { describe, expect, it } from "vitest";

/*
 * The JSON event format of CloudEvents 1.0.2, case by case, with the extension that makes an event
 * one of a saga.
 */

const base = {
  specversion: "1.0",
  id: "1",
  type: "order.placed.v1",
  source: "/order",
  sagaid: "s",
};
const read = (change: object) => decodeJson(JSON.stringify({ ...base, ...change }), { now: 0 });

const data: readonly (readonly [string, object, unknown])[] = [
  ["no data", {}, null],
  ["null data", { data: null }, null],
  ["an object", { data: { a: 1 } }, { a: 1 }],
  ["an empty object", { data: {} }, {}],
  ["a list", { data: [1, "2", null] }, [1, "2", null]],
  ["an empty list", { data: [] }, []],
  ["a text", { data: "text" }, "text"],
  ["an empty text", { data: "" }, ""],
  ["a number", { data: 1.5 }, 1.5],
  ["zero", { data: 0 }, 0],
  ["true", { data: true }, true],
  ["false", { data: false }, false],
  ["a text that looks like JSON", { data: '{"a":1}' }, '{"a":1}'],
  ["JSON in Base64", { data_base64: Buffer.from('{"a":1}').toString("base64") }, { a: 1 }],
  ["a text in Base64", { data_base64: Buffer.from('"text"').toString("base64") }, "text"],
  ["Base64 that is unset", { data_base64: null, data: 1 }, 1],
];

const attributes: readonly (readonly [string, object, object])[] = [
  [
    "the required ones alone",
    {},
    { id: "1", type: "order.placed.v1", source: "/order", sagaId: "s", correlationId: "s" },
  ],
  ["a subject", { subject: "order 7" }, { subject: "order 7" }],
  ["a subject that is unset", { subject: null }, { subject: undefined }],
  ["time in UTC", { time: "2026-01-02T03:04:05Z" }, { time: "2026-01-02T03:04:05Z" }],
  [
    "time with a fraction",
    { time: "2026-01-02T03:04:05.123456789Z" },
    { time: "2026-01-02T03:04:05.123456789Z" },
  ],
  [
    "time with an offset",
    { time: "2026-01-02T03:04:05+09:00" },
    { time: "2026-01-02T03:04:05+09:00" },
  ],
  ["time in lower case", { time: "2026-01-02t03:04:05z" }, { time: "2026-01-02t03:04:05z" }],
  ["time that is unset", { time: null }, { time: "1970-01-01T00:00:00.000Z" }],
  [
    "a source that is an absolute URI",
    { source: "https://example.com/order" },
    { source: "https://example.com/order" },
  ],
  ["a source that is a URN", { source: "urn:order:7" }, { source: "urn:order:7" }],
  ["the content type of JSON", { datacontenttype: "application/json" }, { id: "1" }],
  [
    "a content type with parameters",
    { datacontenttype: "application/json; charset=utf-8" },
    { id: "1" },
  ],
  ["a schema, which is not fetched", { dataschema: "https://example.com/schema" }, { id: "1" }],
  [
    "correlation and cause",
    { correlationid: "c", causationid: "0" },
    { correlationId: "c", causationId: "0" },
  ],
  [
    "a trace",
    { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
  ],
  ["an extension that is a text", { comexample: "x" }, { id: "1" }],
  ["an extension that is a number", { comexample: 7 }, { id: "1" }],
  ["an extension that is a Boolean", { comexample: true }, { id: "1" }],
  ["an extension that is unset", { comexample: null }, { id: "1" }],
  ["Unicode beyond the first plane", { subject: "😀" }, { subject: "😀" }],
];

const refused: readonly (readonly [string, object])[] = [
  ["no id", { id: undefined }],
  ["an empty id", { id: "" }],
  ["an id that is a number", { id: 1 }],
  ["no source", { source: undefined }],
  ["an empty source", { source: "" }],
  ["no type", { type: undefined }],
  ["an empty type", { type: "" }],
  ["no specversion", { specversion: undefined }],
  ["specversion 0.3", { specversion: "0.3" }],
  ["specversion as a number", { specversion: 1.0 }],
  ["no saga", { sagaid: undefined }],
  ["a time that is a number", { time: 1 }],
  ["a time without a zone", { time: "2026-01-02T03:04:05" }],
  ["a date alone", { time: "2026-01-02" }],
  ["a month that does not exist", { time: "2026-13-02T03:04:05Z" }],
  ["data twice", { data: {}, data_base64: "e30=" }],
  ["Base64 that is not text", { data_base64: {} }],
  ["Base64 that holds no JSON", { data_base64: "/w==" }],
  ["a control character in a subject", { subject: "a\u0007b" }],
  ["half of a surrogate pair", { subject: "\ud800" }],
];

describe("the JSON format of CloudEvents", () => {
  it.each(data)("data: %s", (_, change, expected) => expect(read(change).data).toEqual(expected));
  it.each(attributes)("attributes: %s", (_, change, expected) =>
    expect(read(change)).toMatchObject(expected),
  );
  it.each(refused)("refused: %s", (_, change) =>
    expect(() => read(change)).toThrow(expect.objectContaining({ code: "MESSAGE_MALFORMED" })),
  );
});

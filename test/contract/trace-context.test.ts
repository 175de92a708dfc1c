import { describe, expect, it } from "vitest";
import { decodeJson } from "../../src/cloudevents/json.ts";
import { readTrace } from "../../src/contract/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const PARENT = `00-${TRACE}-${SPAN}-01`;

describe("traceparent", () => {
  it.each([
    ["version 00", PARENT],
    ["not sampled", `00-${TRACE}-${SPAN}-00`],
    ["flags that are not known", `00-${TRACE}-${SPAN}-fe`],
    ["a later version", `01-${TRACE}-${SPAN}-01`],
    ["a later version with more fields", `cc-${TRACE}-${SPAN}-01-what.the-future-brings`],
  ])("%s is read as it is", (_, text) => {
    expect(readTrace(text, "a=1")).toEqual({ traceparent: text, tracestate: "a=1" });
  });

  it.each([
    ["none", undefined],
    ["a number", 1],
    ["an empty text", ""],
    ["version ff", `ff-${TRACE}-${SPAN}-01`],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["a span id of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["capitals", PARENT.toUpperCase()],
    ["a short trace id", `00-${TRACE.slice(1)}-${SPAN}-01`],
    ["more fields in version 00", `${PARENT}-more`],
    ["more without a hyphen", `01-${TRACE}-${SPAN}-01.more`],
    ["spaces around it", ` ${PARENT} `],
    ["a line break at its end", `${PARENT}\n`],
    ["more than its bound", `01-${TRACE}-${SPAN}-01-${"x".repeat(300)}`],
  ])("%s is left out, and tracestate with it", (_, text) => {
    expect(readTrace(text, "a=1")).toEqual({});
  });

  it("a broken one does not make a message unreadable", () => {
    const attributes = { specversion: "1.0", id: "1", type: "t", source: "/s", sagaid: "o-1" };
    const text = JSON.stringify({ ...attributes, traceparent: "no\u0000", tracestate: "a=1" });
    expect(decodeJson(text, { now: 0 })).toMatchObject({
      id: "1",
      traceparent: undefined,
      tracestate: undefined,
    });
  });
});

describe("tracestate", () => {
  const read = (text: unknown) => readTrace(PARENT, text).tracestate;

  it.each([
    ["one member", "rojo=00f067aa0ba902b7", "rojo=00f067aa0ba902b7"],
    ["a tenant", "fw529a3039@dt=FfAgICAg", "fw529a3039@dt=FfAgICAg"],
    ["spaces and tabs between members", "a=1 ,\tb=2", "a=1,b=2"],
    ["empty members", "a=1,,b=2,", "a=1,b=2"],
    ["a value with a space inside", "a=1 2", "a=1 2"],
  ])("%s is read", (_, text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    ["a number", 1],
    ["nothing but commas", ",,"],
    ["a key with a capital", "A=1"],
    ["no value", "a="],
    ["two signs of equality", "a=1=2"],
    ["a letter outside ASCII", "a=é"],
    ["a control character", "a=1\u0007"],
    ["33 members", Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(",")],
    ["a key that is too long", `${"k".repeat(257)}=1`],
  ])("%s is left out, and traceparent stays", (_, text) => {
    expect(readTrace(PARENT, text)).toEqual({ traceparent: PARENT, tracestate: undefined });
  });

  it("above 512 characters, large members go first, then the last ones, always whole", () => {
    const large = `large=${"x".repeat(200)}`;
    const small = Array.from({ length: 32 }, (_, i) => `k${i}=${"y".repeat(20)}`);
    const kept = read([large, ...small.slice(0, 31)].join(",")) ?? "";
    expect(kept.length).toBeLessThanOrEqual(512);
    expect(kept.split(",")).toEqual(small.slice(0, kept.split(",").length));
    expect(kept.split(",").length).toBeGreaterThan(15);
    expect(read([large, ...small.slice(0, 5)].join(","))).toBe(
      [large, ...small.slice(0, 5)].join(","),
    );
  });
});

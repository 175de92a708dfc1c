import { codeOf, OdoriError, PermanentError, RetryAfter } from "odori";
import { describe, expect, it } from "vitest";
import { docsOf, ERRORS, ERRORS_ADDRESS, isFinal } from "../../src/contract/error-catalogue.ts";
import { messageOf } from "../../src/contract/errors.ts";

describe("errors", () => {
  it("an error ends with the address of its section, and has it as a property", () => {
    const error = new OdoriError("STORE_BUSY", "It is locked.", { hint: "Wait." });
    expect(error.docs).toBe(`${ERRORS_ADDRESS}#store_busy`);
    expect(error.message).toBe(`It is locked. Wait.\nSee ${error.docs}`);
  });

  it("messageOf leaves the address out, so that a message can be part of a sentence", () => {
    expect(messageOf(new PermanentError("No such account."))).toBe("No such account.");
    expect(messageOf(new Error("reset"))).toBe("reset");
    expect(messageOf("text")).toBe("text");
  });

  it("what is parked at once is what no retry can help", () => {
    expect(
      Object.keys(ERRORS)
        .filter((code) => isFinal(code))
        .sort(),
    ).toEqual([
      "ATTRIBUTE_INVALID",
      "CRASHED",
      "EFFECT_UNKNOWN",
      "FENCE_FORGOTTEN",
      "MESSAGE_MALFORMED",
      "MESSAGE_TOO_LARGE",
      "NUMBER_INEXACT",
      "PAYLOAD_CHANGES",
      "PAYLOAD_INVALID",
      "PAYLOAD_NOT_JSON",
      "PAYLOAD_REFUSED",
      "PAYLOAD_TOO_LARGE",
      "PERMANENT",
      "SOURCE_UNKNOWN",
      "UNDECLARED_OUTCOME",
      "UNKNOWN_TYPE",
    ]);
  });

  it.each(["ENOSPC", "constructor", "__proto__", ""])("the foreign code %j is not final", (code) =>
    expect(isFinal(code)).toBe(false),
  );

  it("every row is one sentence and a hint, and has an address of its own", () => {
    const codes = Object.keys(ERRORS);
    for (const { meaning, hint } of Object.values(ERRORS)) {
      expect(meaning).toMatch(/^[A-Z`][^\n]*\.$/);
      expect(hint).toMatch(/^[A-Z`][^\n]*\.$/);
    }
    expect(new Set(codes.map((code) => code.toLowerCase())).size).toBe(codes.length);
    expect(docsOf("UNROUTABLE")).toBe(`${ERRORS_ADDRESS}#unroutable`);
  });

  it.each([
    ["30s", 30_000],
    [1_500, 1_500],
    ["PT2M", 120_000],
  ] as const)("RetryAfter(%j) waits %d ms", (delay, delayMs) => {
    const error = new RetryAfter(delay, "The gateway limits us.");
    expect(error).toMatchObject({ code: "RETRY_AFTER", delayMs, name: "RetryAfter" });
    expect(messageOf(error)).toBe("The gateway limits us.");
    expect(codeOf(error)).toBe("RETRY_AFTER");
  });

  it.each([0, -1, Number.NaN, "soon", "1 h", "11000000d"])("RetryAfter(%j) is refused", (delay) =>
    expect(() => new RetryAfter(delay)).toThrow(
      expect.objectContaining({ code: "DURATION_INVALID", hint: expect.stringContaining('"30s"') }),
    ),
  );
});

import fc from "fast-check";
import { expect, it } from "vitest";
import { isoTime } from "../../src/runtime/iso-time.ts";

/** Moments of one day, and days from long ago to far away. */
const moments = fc.oneof(
  fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 0, 2) }),
  fc.integer({ min: -8.64e15, max: 8.64e15 }),
);

it("writes one moment after the other as a Date does", () => {
  fc.assert(
    fc.property(fc.array(moments), (list) => {
      for (const now of list) expect(isoTime(now)).toBe(new Date(now).toISOString());
    }),
  );
});

it("writes a part of a millisecond as a Date does", () => {
  expect(isoTime(1_767_225_600_000.5)).toBe(new Date(1_767_225_600_000.5).toISOString());
  expect(() => isoTime(Number.NaN)).toThrow(RangeError);
});

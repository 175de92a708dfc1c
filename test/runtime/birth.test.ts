import fc from "fast-check";
import { expect, it } from "vitest";
import { birthIn, timeGroups } from "../../src/ports/birth.ts";

const NOW = Date.UTC(2026, 0, 1);
const REST = "-7000-8000-000000000000";

it("an id carries its time in hexadecimal digits", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (time) => {
      const hex = time.toString(16).padStart(12, "0");
      expect(timeGroups(time)).toBe(`${hex.slice(0, 8)}-${hex.slice(8)}`);
    }),
  );
});

it("the time is read from an id again", () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(2020, 0, 1), max: NOW }), (time) => {
      expect(birthIn(`${timeGroups(time)}${REST}`, NOW)).toBe(time);
    }),
  );
});

it("only a UUID of version 7 or 8 with a plausible time says when", () => {
  const [first, second] = timeGroups(NOW).split("-");
  for (const id of [
    "",
    "outside-1",
    `${first}-${second}-4000-8000-000000000000`,
    `${first}${second}${REST}`,
    `${first?.toUpperCase()}-${second}${REST}`,
    `${first?.slice(0, -1)}g-${second}${REST}`,
    `${first?.slice(0, -1)}:-${second}${REST}`,
    `${first?.slice(0, -1)}X-${second}${REST}`,
    `${timeGroups(Date.UTC(2019, 0, 1))}${REST}`,
    `${timeGroups(NOW + 48 * 3_600_000)}${REST}`,
  ])
    expect(birthIn(id, NOW), id).toBeUndefined();
});

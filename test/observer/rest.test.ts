import { expect, it } from "vitest";
import { restAfter } from "../../src/observer/rest.ts";

it("an observer rests twice as long as it has worked, within bounds", () => {
  const busy = { rows: 400, more: false };
  expect(restAfter(busy, 10)).toBe(100);
  expect(restAfter(busy, 90)).toBe(180);
  expect(restAfter(busy, 5_000)).toBe(250);
});

it("it rests longer while nothing happens, and never while there is more to read", () => {
  expect(restAfter({ rows: 0, more: false }, 10)).toBe(250);
  expect(restAfter({ rows: 500, more: true }, 5_000)).toBe(0);
});

import { expect, it } from "vitest";
import { restAfter } from "../../src/observer/rest.ts";

const busy = { rows: 400, more: false };

it("an observer of files rests twice as long as it has worked, within bounds", () => {
  expect(restAfter(busy, 10, "files")).toBe(100);
  expect(restAfter(busy, 90, "files")).toBe(180);
  expect(restAfter(busy, 5_000, "files")).toBe(250);
});

it("one that has servers read rests longer: they have the work of the services to do", () => {
  expect(restAfter(busy, 5, "servers")).toBe(100);
  expect(restAfter(busy, 35, "servers")).toBe(350);
  expect(restAfter(busy, 5_000, "servers")).toBe(500);
});

it.each(["files", "servers"] as const)("while nothing happens, of %s", (reads) => {
  expect(restAfter({ rows: 0, more: false }, 10, reads)).toBe(250);
  expect(restAfter({ rows: 500, more: true }, 5_000, reads)).toBe(0);
});

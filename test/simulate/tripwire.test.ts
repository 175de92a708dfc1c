import { randomUUID } from "node:crypto";
import { simulate } from "odori/simulate";
import { expect, it } from "vitest";
import { shopWith } from "./shop.ts";

/** Each call that takes time or chance past the context of a handler. */
const CALLS: Readonly<Record<string, () => unknown>> = {
  "Date.now()": () => Date.now(),
  "new Date()": () => new Date(),
  "performance.now()": () => performance.now(),
  "Math.random()": () => Math.random(),
  "randomUUID()": () => [randomUUID(), crypto.randomUUID()],
  "setTimeout()": () => new Promise((resolve) => setTimeout(resolve, 5)),
  "setImmediate()": () => new Promise((resolve) => setImmediate(resolve)),
  "setInterval()": () => clearInterval(setInterval(() => {}, 1_000)),
  "fetch()": () => fetch("data:,").then(() => {}),
};

it.each(Object.entries(CALLS))("%s of a handler is told, with its line", async (what, call) => {
  const results: unknown[] = [];
  const { choreography, options } = shopWith(async () => results.push(await call()));
  const { leaks } = await simulate(choreography, { ...options, seeds: 3 });
  expect(leaks.map((leak) => leak.what)).toContain(what);
  for (const { at } of leaks) expect(at).toMatch(/tripwire\.test\.ts:\d+$/);
  const controlled = !["fetch()", "setInterval()"].includes(what);
  expect(leaks.every((leak) => leak.controlled === controlled)).toBe(true);
});

it("the same seeds draw the same, and what is replaced is put back", async () => {
  const before = [Date, Date.now, Math.random, globalThis.setTimeout, performance.now];
  const draw = async () => {
    const drawn: unknown[] = [];
    const { choreography, options } = shopWith(() => drawn.push(Date.now(), Math.random()));
    await simulate(choreography, { ...options, seeds: 5 });
    return drawn;
  };
  expect(await draw()).toEqual(await draw());
  expect([Date, Date.now, Math.random, globalThis.setTimeout, performance.now]).toEqual(before);
});

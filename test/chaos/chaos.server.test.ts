import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { chaos } from "./chaos.ts";

/** A short run of what `npm run chaos` does for minutes. */
describe.each([
  { store: "postgres", bus: "nats" },
  { store: "sqlite", bus: "nats" },
] as const)(
  "the order saga on $store and $bus while everything is killed, frozen and cut off",
  ({ store, bus }) => {
    const missing = [store, bus]
      .filter((name) => name !== "sqlite")
      .find((name) => urlOf(name) === undefined);
    const title = "every order ends, everything adds up, and an observer says so";
    it.skipIf(missing !== undefined)(
      missing === undefined ? title : titleOf(missing, title),
      { timeout: 240_000 },
      async () => {
        const { orders, events, faults, violations, observed } = await chaos({
          seconds: 10,
          store,
          bus,
          members: 2,
          seed: 11,
          observer: true,
        });
        expect(violations).toEqual([]);
        expect(observed?.kills).toBeGreaterThan(0);
        expect(orders).toBeGreaterThan(100);
        expect(events).toBeGreaterThan(orders * 3);
        expect([...faults.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(8);
      },
    );
  },
);

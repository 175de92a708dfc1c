import assert from "node:assert/strict";
import { type App, event, type Service, service, start } from "odori";
import type { Runner } from "odori/conformance";
import { MemoryDatabase, type MemoryTx, memoryBus, memoryStore } from "odori/memory";
import { z } from "zod";
import { authorized, placed, refunded, reservationFailed } from "../support/contracts.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const data = { orderId: "s" };
const next = event("payment.authorized.v2", z.object({ orderId: z.string() }));
const other = event("payment.charged.v1", z.object({ orderId: z.string() }));

const charging = (charge: typeof authorized | typeof next | typeof other) =>
  service<MemoryTx>("payment")
    .on(placed, { emits: [charge], handle: () => charge(data) })
    .undo(charge, { name: "refund", on: [reservationFailed], emits: [refunded], handle: refund });
const refund = () => refunded(data);

/** A saga is half-way when its service is deployed in another version. */
export function deploymentScenarios({ describe, it }: Runner): void {
  const play = (
    name: string,
    [before, after]: readonly [Service<MemoryTx>, Service<MemoryTx>],
    check: (app: App<MemoryTx, never>) => Promise<void>,
  ) => {
    it(name, async () => {
      await using bus = closing(memoryBus(["payment", "audience"]));
      const database = new MemoryDatabase();
      const topics = [authorized, next, other, refunded].map(({ type }) => type);
      await bus.subscribe({ group: "audience", topics, inFlightMax: 100 }, async () => {});
      const options = { bus, logger: silent, onHazard: "warn" as const };
      const open = (version: Service<MemoryTx>) =>
        start<MemoryTx, never>(version, { ...options, store: memoryStore(database) });
      const old = await open(before);
      await bus.publish([envelope(placed, "s", data)]);
      await old.stop();
      await using app = stopping(await open(after));
      await bus.publish([envelope(reservationFailed, "s", data)]);
      await check(app);
    });
  };
  const ends = async (app: App<MemoryTx, never>) =>
    (await app.inspect.journal("s")).map(({ disposition }) => disposition);

  describe("a deployment", () => {
    play(
      "an effect is undone after its event has got the next version",
      [charging(authorized), charging(next)],
      async (app) => assert.deepEqual(await ends(app), ["done", "undone"]),
    );

    play(
      "an undo without a mark is parked while an effect is unknown",
      [charging(authorized), charging(other)],
      async (app) => assert.deepEqual(await ends(app), ["done", "parked"]),
    );
  });
}

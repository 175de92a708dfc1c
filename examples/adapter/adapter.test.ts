import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Bus, Incoming } from "odori/adapter";
import { type BusFactory, busConformance, OPTIONAL } from "odori/conformance";
import { describe, expect, it } from "vitest";
import { sqliteBus } from "./bus.ts";

const factory: BusFactory = {
  name: "sqlite example",
  async make() {
    const folder = mkdtempSync(join(tmpdir(), "odori-bus-"));
    const path = join(folder, "bus.db");
    const open: Bus[] = [];
    return {
      async connect() {
        const bus = sqliteBus(path);
        open.push(bus);
        return bus;
      },
      async inject(topic, bytes) {
        const own = new DatabaseSync(path);
        own
          .prepare(
            `INSERT INTO delivery (group_name, type, body)
             SELECT group_name, type, ? FROM subscription WHERE type = ?`,
          )
          .run(new TextDecoder().decode(bytes), topic);
        own.close();
      },
      async close() {
        for (const bus of open) await bus.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

busConformance(
  { describe, it: (name, test) => it(name, (context) => test(declared(context))) },
  factory,
);

it("an event outlives the process that published it", async () => {
  const fixture = await factory.make(["a"]);
  const options = { group: "a", topics: ["order.placed.v1"], inFlightMax: 1 };
  const publisher = await fixture.connect();
  const subscription = await publisher.subscribe(options, async () => {});
  await subscription.close();
  await publisher.publish([
    {
      specversion: "1.0",
      id: "1",
      type: "order.placed.v1",
      source: "/order",
      time: "2026-01-02T03:04:05Z",
      sagaId: "s",
      correlationId: "s",
      data: { orderId: "1" },
    },
  ]);
  await publisher.close();
  const consumer = await fixture.connect();
  const incoming = await new Promise<Incoming>((resolve, reject) => {
    consumer.subscribe(options, async (one) => resolve(one)).catch(reject);
  });
  expect(incoming).toMatchObject({ id: "1", data: { orderId: "1" } });
  await fixture.close();
});

/** Lets a test be skipped only because this bus promises no order. */
function declared(context: { skip(reason: string): void }) {
  return {
    skip(reason: string) {
      expect(reason).toBe(OPTIONAL.order);
      context.skip(reason);
    },
  };
}

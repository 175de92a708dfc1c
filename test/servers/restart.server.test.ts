import type { Bus } from "odori";
import { checkAccepted } from "odori/adapter";
import { kafka } from "odori/kafka";
import { nats } from "odori/nats";
import { postgresBus } from "odori/postgres";
import { rabbitmq } from "odori/rabbitmq";
import { describe, expect, it } from "vitest";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope } from "../support/stage.ts";
import { subscribed } from "../support/subscribed.ts";
import { find, type ServerName } from "./find.ts";
import { recipes } from "./recipes.ts";
import { Server } from "./server.ts";
import { titleOf, urlOf } from "./shared.ts";

const connect: Readonly<Record<ServerName, (url: string) => Bus>> = {
  postgres: (url) => postgresBus(url),
  nats: (url) => nats({ servers: url, ackWaitMs: 1_000 }),
  rabbitmq: (url) => rabbitmq({ url }),
  kafka: (url) => kafka({ brokers: url, sessionTimeoutMs: 3_000 }),
};

/** Publishes as the runtime does: it tries again until the broker has acknowledged. */
async function publish(bus: Bus, ids: readonly string[]): Promise<void> {
  const events = ids.map((id) => envelope(placed, id, { orderId: id }, { id }));
  const published = async () => {
    checkAccepted(await bus.publish(events));
    return true;
  };
  await eventually(`${ids[0]} and so on are published`, published, true, 60_000);
}

const ids = (what: string) => Array.from({ length: 20 }, (_, i) => `${what} ${i}`);

describe.each(["postgres", "nats", "rabbitmq", "kafka"] as const)(
  "a broker of its own: %s",
  (name) => {
    it.skipIf(urlOf(name) === undefined)(
      titleOf(name, "kill -9: both sides come back by themselves, and nothing is lost"),
      { timeout: 600_000 },
      async () => {
        await using server = stopping(await Server.start(recipes[name](find(name, false) ?? "")));
        await using bus = closing(connect[name](server.url));
        await using other = closing(connect[name](server.url));
        const seen = new Set<string>();
        const subscription = await subscribed(
          bus,
          { group: "a", topics: [placed.type], inFlightMax: 100 },
          async (incoming) => {
            if (!("malformed" in incoming)) seen.add(incoming.id);
          },
        );
        // A member that takes messages and dies with them.
        await using dying = closing(connect[name](server.url));
        await dying.subscribe(
          { group: "b", topics: [placed.type], inFlightMax: 100 },
          () => new Promise(() => {}),
        );
        await publish(other, ids("before"));
        await eventually(
          "what came before is heard",
          () => ids("before").every((id) => seen.has(id)),
          true,
          60_000,
        );
        await dying.close();
        await using leaving = closing(connect[name](server.url));
        const left = await leaving.subscribe(
          { group: "c", topics: [placed.type], inFlightMax: 100 },
          async () => {},
        );
        if (name === "rabbitmq")
          await server.control(["eval", "[dets:sync(T) || T <- dets:all()]."]);
        await server.kill();
        // Stopping does not wait for a broker that is away.
        await left.close();
        await leaving.close();
        await expect(
          other.publish([envelope(placed, "lost", {}, { id: "lost" })]),
        ).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
        await server.up();
        await publish(other, ids("after"));
        await eventually(
          "what came after is heard",
          () => ids("after").every((id) => seen.has(id)),
          true,
          90_000,
        );
        const inherited = new Set<string>();
        const heir = await other.subscribe(
          { group: "b", topics: [placed.type], inFlightMax: 100 },
          async (incoming) => {
            if (!("malformed" in incoming)) inherited.add(incoming.id);
          },
        );
        await eventually(
          "what the dead member had taken is heard by another",
          () => [...ids("before"), ...ids("after")].every((id) => inherited.has(id)),
          true,
          60_000,
        );
        await heir.close();
        await subscription.close();
      },
    );

    it("down at start: a clear error, and it can be tried again", async () => {
      const address = {
        postgres: "postgres://a:secret@127.0.0.1:1/x",
        nats: "nats://127.0.0.1:1",
        rabbitmq: "amqp://a:secret@127.0.0.1:1",
        kafka: "127.0.0.1:1",
      }[name];
      await using bus = closing(connect[name](address));
      const refused: unknown = await bus
        .subscribe({ group: "a", topics: [placed.type], inFlightMax: 1 }, async () => {})
        .catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: "BUS_UNAVAILABLE",
        message: expect.stringContaining("127.0.0.1:1"),
      });
      expect(String(refused)).not.toContain("secret");
      await expect(bus.publish([envelope(placed, "s", {})])).rejects.toMatchObject({
        code: "BUS_UNAVAILABLE",
      });
    });
  },
);

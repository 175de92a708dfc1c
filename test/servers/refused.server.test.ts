import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { service, start } from "odori";
import { memoryStore } from "odori/memory";
import { nats } from "odori/nats";
import { rabbitmq } from "odori/rabbitmq";
import { describe, expect, it } from "vitest";
import { cancelled, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { StrictBus } from "../support/strict-bus.ts";
import { find } from "./find.ts";
import { recipes } from "./recipes.ts";
import { Server } from "./server.ts";
import { serverUrl, titleOf, urlOf } from "./shared.ts";

const data = { orderId: "o" };
const order = service<unknown>("order").begins(placed).begins(cancelled);

describe("one event that the broker refuses: public/21-one-refused-event-stops-all", () => {
  it.skipIf(urlOf("nats") === undefined)(
    titleOf("nats", "NATS with a max_payload below an event's: start refuses"),
    async () => {
      const recipe = recipes.nats(find("nats", false) ?? "");
      await using server = stopping(
        await Server.start({
          ...recipe,
          prepare: async ({ folder }) =>
            writeFileSync(join(folder, "nats.conf"), "max_payload: 16384\n"),
        }),
      );
      await using bus = closing(nats({ servers: server.url }));
      const started = start(order, { store: memoryStore(), bus, logger: silent });
      await expect(started).rejects.toMatchObject({
        code: "BUS_TOPOLOGY",
        message: expect.stringContaining("max_payload"),
      });
    },
  );

  it.skipIf(urlOf("rabbitmq") === undefined)(
    titleOf("rabbitmq", "rabbit-more: RabbitMQ, a type that no service hears: the others go on"),
    async () => {
      const exchange = `refused-${process.pid}`;
      const options = { url: serverUrl("rabbitmq"), exchange };
      const sagas = new Set<string>();
      await using listener = closing(rabbitmq(options));
      const hear = { group: "audience", inFlightMax: 100 };
      await listener.subscribe({ ...hear, topics: [placed.type] }, async (incoming) => {
        if (!("malformed" in incoming)) sagas.add(incoming.sagaId);
      });
      await using publishing = closing(rabbitmq(options));
      const bus = new StrictBus(publishing);
      const settings = { store: memoryStore(), bus, logger: silent, outboxMax: 3, pollMs: 5 };
      await using app = stopping(await start(order, settings));
      await Promise.all([
        app.begin("bad", () => cancelled(data)),
        app.begin("good 1", () => placed(data)),
        app.begin("good 2", () => placed(data)),
      ]);
      await eventually("it is refused", async () => (await app.health()).refused.codes, {
        UNROUTABLE: 1,
      });
      for (let i = 3; i <= 6; i++) {
        await app.begin(`good ${i}`, () => placed(data));
        await eventually("it is accepted", async () => (await app.health()).publishing, 0);
      }
      await eventually("only it is left", async () => (await app.inspect.counts()).outbox, 1);
      await eventually("the good ones are heard", () => sagas.size, 6);
      // The broker may deliver one twice; what it has accepted is not published again.
      expect([...bus.accepted.values()]).toEqual([1, 1, 1, 1, 1, 1]);
      let heard = 0;
      await listener.subscribe({ ...hear, topics: [cancelled.type] }, async () => {
        heard++;
      });
      await eventually("it is heard in the end", () => heard, 1);
      await eventually("nothing is left", async () => (await app.inspect.counts()).outbox, 0);
    },
  );
});

import { join } from "node:path";
import { choreography, event, service, start } from "odori";
import { type OdoriConsole, odoriConsole } from "odori/console";
import { nats } from "odori/nats";
import { rabbitmq } from "odori/rabbitmq";
import { sqlite, sqliteSource } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Live, ServiceRow } from "../../src/console/wire.ts";
import { ownServer } from "../servers/own.ts";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";

const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const charged = event("payment.charged.v1", payload);
const order = service<unknown>("order").begins(placed);
const payment = service<unknown>("payment").on(placed, {
  emits: [charged],
  handle: ({ data }) => charged(data),
});
const shop = choreography("shop", {
  services: [order, payment],
  ...{ begins: [placed], succeeds: [charged], fails: [] },
});

const TOKEN = "a-token-that-is-long-enough";
const WAIT_MS = 120_000;
const REST = { unexplained: 0, lost: 0, outboxes: [0, 0] };
const buses = {
  nats: (url: string) => nats({ servers: url, ackWaitMs: 1_000 }),
  rabbitmq: (url: string) => rabbitmq({ url, unheard: [charged.type] }),
};

async function asked({ fetch }: OdoriConsole, path: string) {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const reply = await fetch(new Request(`http://localhost/api/v1/${path}`, { headers }));
  return JSON.parse(await reply.text());
}

/** The first event of the stream has all fields. */
async function live({ fetch }: OdoriConsole): Promise<Live> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const { body } = await fetch(new Request("http://localhost/api/v1/live", { headers }));
  const reader = body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return JSON.parse(new TextDecoder().decode(value).replace(/^data: /, ""));
}

describe.each(["nats", "rabbitmq"] as const)("a broker that is gone: %s", (name) => {
  it.skipIf(urlOf(name) === undefined)(
    titleOf(name, "the console says which, since when and what waits, and calls nothing lost"),
    { timeout: 600_000 },
    async () => {
      using folder = temporaryFolder("bus-down");
      await using server = stopping(await ownServer(name));
      await using open = new AsyncDisposableStack();
      const optionsOf = (one: string) => ({
        ...{ store: sqlite(join(folder.path, `${one}.db`)), logger: silent, pollMs: 20 },
        bus: open.use(closing(buses[name](server.url))),
      });
      open.use(stopping(await start(payment, optionsOf("payment"))));
      const orders = open.use(stopping(await start(order, optionsOf("order"))));
      await using console = closing(
        odoriConsole({
          sources: ["order", "payment"].map((one) => sqliteSource(join(folder.path, `${one}.db`))),
          ...{ choreography: shop, token: TOKEN },
        }),
      );
      const begin = (id: string) => orders.begin(id, () => placed({ orderId: id }));
      const services = async (): Promise<readonly ServiceRow[]> =>
        (await asked(console, "services")).services;
      const seen = async () => {
        const { totals, ledger, lostBuses = [] } = await live(console);
        const outboxes = (await services()).map(({ outbox }) => outbox);
        return { totals, unexplained: ledger?.unexplained, lost: lostBuses.length, outboxes };
      };
      await begin("before");
      const whole = { totals: { succeeded: 1 }, ...REST };
      await eventually("it is at rest", seen, whole, WAIT_MS);

      // Else RabbitMQ may forget, or half forget, a queue that was made a moment ago.
      if (name === "rabbitmq") await server.control(["eval", "[dets:sync(T) || T <- dets:all()]."]);
      const killed = Date.now();
      await server.kill();
      await begin("meanwhile");
      const down = await eventually(
        "each service has told",
        () => live(console),
        ({ lostBuses = [] }) => lostBuses[0]?.services.length === 2,
        WAIT_MS,
      );
      const [bus] = down.lostBuses ?? [];
      expect(bus).toMatchObject({
        place: expect.stringContaining(String(server.place.port)),
        ...{ code: "BUS_UNAVAILABLE", services: ["order", "payment"], waiting: 1 },
      });
      // To the second, and only from when it was gone.
      expect(bus?.since).toBeGreaterThan(killed - 1_000);
      expect(bus?.since).toBeLessThanOrEqual(Date.now() + 1_000);
      // Where this has taken a minute, it is late; it is never unheard.
      const { succeeded, running = 0, late = 0, ...wrong } = down.totals ?? {};
      expect([succeeded, running + late, wrong]).toEqual([1, 1, {}]);
      expect(down.ledger?.unexplained).toBe(0);
      const { why } = await asked(console, "sagas/meanwhile");
      expect(why).toMatchObject([{ service: "payment", state: "on its way", where: "outbox" }]);
      const codes = (await services()).map(({ busLost }) => busLost);
      expect(codes).toEqual(["BUS_UNAVAILABLE", "BUS_UNAVAILABLE"]);

      await server.up();
      const again = { totals: { succeeded: 2 }, ...REST };
      await eventually("it goes on by itself", seen, again, WAIT_MS);
    },
  );
});

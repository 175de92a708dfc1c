import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";
import { type Bus, start } from "odori";
import { nats } from "odori/nats";
import { postgresBus } from "odori/postgres";
import { sqlite } from "odori/sqlite";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { orderPlaced } from "../../examples/order/contracts.ts";
import { run } from "../../examples/order/database.ts";
import { inventory } from "../../examples/order/inventory.ts";
import { order } from "../../examples/order/order.ts";
import { payment } from "../../examples/order/payment.ts";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { silent } from "../support/stage.ts";

const HEARD = "inventory.reserved.v1";
const EMITTED = "shipping.requested.v1";

/** Order, payment and inventory run on Odori; `shipping` does not. */
async function orderEnds(bus: Bus, foreign: () => Promise<() => Promise<void>>): Promise<void> {
  const on = () => ({ store: sqlite(":memory:"), bus, logger: silent });
  const [shop, ...others] = await Promise.all([
    start(order, on()),
    start(payment, on()),
    start(inventory, on()),
  ]);
  await using scope = new AsyncDisposableStack();
  scope.defer(await foreign());
  scope.defer(() => bus.close());
  for (const app of [shop, ...others]) scope.defer(() => app.stop());
  await shop.begin("saga-1", async (tx) => {
    await run(
      tx,
      "INSERT INTO orders (order_id, amount_cents, state) VALUES (?, ?, 'placed')",
      "saga-1",
      500,
    );
    return orderPlaced({
      orderId: "saga-1",
      amountCents: 500,
      sku: "fan",
      quantity: 1,
      destination: "Naha",
    });
  });
  const last = async () =>
    (await shop.inspect.journal("saga-1")).map(({ type, disposition }) => `${type} ${disposition}`);
  await eventually("the order is completed", last, (steps) => steps.includes(`${EMITTED} done`));
  expect(await last()).toEqual(["order.placed.v1 begun", `${EMITTED} done`]);
}

describe.skipIf(urlOf("nats") === undefined)(titleOf("nats", "a service without Odori"), () => {
  it("joins the order saga with a plain client of NATS", async () => {
    const name = `F${process.pid}`;
    await orderEnds(nats({ servers: serverUrl("nats"), stream: name, prefix: name }), async () => {
      const connection = await connect({ servers: serverUrl("nats") });
      const client = jetstream(connection);
      const consumer = {
        durable_name: "shipping",
        filter_subject: `${name}.${HEARD}`,
        ack_policy: AckPolicy.Explicit,
      };
      await (await jetstreamManager(connection)).consumers.add(name, consumer);
      const messages = await (await client.consumers.get(name, "shipping")).consume();
      const shipping = (async () => {
        for await (const message of messages) {
          // What arrives is a CloudEvent in binary mode: attributes are headers, the body is the
          // payload.
          const attribute = (one: string) => message.headers?.get(`ce-${one}`) ?? "";
          const { orderId } = message.json<{ orderId: string }>();
          const head = headers();
          const own = {
            specversion: "1.0",
            id: `shipment of ${orderId}`.replaceAll(" ", "%20"),
            source: "/shipping",
            type: EMITTED,
            sagaid: attribute("sagaid"),
            causationid: attribute("id"),
          };
          for (const [key, value] of Object.entries(own)) head.set(`ce-${key}`, value);
          await client.publish(
            `${name}.${EMITTED}`,
            JSON.stringify({ orderId, shipmentId: "s-1" }),
            { headers: head },
          );
          message.ack();
        }
      })();
      return async () => {
        await messages.close();
        await shipping;
        await (await jetstreamManager(connection)).streams.delete(name);
        await connection.close();
      };
    });
  });
});

describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "a service without Odori"),
  () => {
    it("joins the order saga with plain SQL", async () => {
      const schema = newSchema();
      await orderEnds(
        postgresBus({ connectionString: serverUrl("postgres"), schema }),
        async () => {
          const pool = new pg.Pool({ connectionString: serverUrl("postgres"), max: 1 });
          await pool.query(
            `INSERT INTO ${schema}.subscription (group_name, type) VALUES ('shipping', $1)`,
            [HEARD],
          );
          let open = true;
          // One statement takes a delivery, does the work and emits the event: all or nothing.
          const ship = `WITH taken AS (
          DELETE FROM ${schema}.delivery WHERE seq = (
            SELECT seq FROM ${schema}.delivery WHERE group_name = 'shipping'
            ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED)
          RETURNING body::json AS event)
        SELECT ${schema}.publish(json_build_object(
          'specversion', '1.0', 'id', 'shipment of ' || (event ->> 'id'),
          'source', '/shipping', 'type', $1::text,
          'sagaid', event ->> 'sagaid', 'causationid', event ->> 'id',
          'data', json_build_object(
            'orderId', event -> 'data' ->> 'orderId', 'shipmentId', 's-1'))) FROM taken`;
          const shipping = (async () => {
            while (open) {
              const { rowCount } = await pool.query(ship, [EMITTED]);
              // A poll interval, which a service without notifications needs.
              if (rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 20));
            }
          })();
          return async () => {
            open = false;
            await shipping;
            await pool.query(`DROP SCHEMA ${schema} CASCADE`).catch(() => {});
            await pool.end();
          };
        },
      );
    });
  },
);

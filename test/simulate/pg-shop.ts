import assert from "node:assert/strict";
import { type Context, choreography, event, service } from "odori";
import type { Sql } from "odori/postgres";
import type { SimulationGiven, SimulationOptions } from "odori/simulate";
import { z } from "zod";

const payload = z.object({ orderId: z.string(), cents: z.number().int() });
const placed = event("order.placed.v1", payload);
const cancelled = event("order.cancelled.v1", payload);
const charged = event("payment.charged.v1", payload);
const refunded = event("payment.refunded.v1", payload);
const shipped = event("stock.shipped.v1", payload);
const soldOut = event("stock.sold_out.v1", payload);

type Data = z.infer<typeof payload>;
type Work = (data: Data, context: Context<Sql>) => unknown;

export const chargeOnce: Work = ({ orderId, cents }, { tx }) =>
  tx.query("INSERT INTO charges (order_id, cents) VALUES ($1, $2)", [orderId, cents]);

/** A shop in Postgres, whose payment does `charge`; there are two of what is ordered. */
export function pgShopWith(charge: Work, more: Partial<SimulationOptions<Sql>> = {}) {
  const order = service<Sql>("order")
    .begins(placed)
    .undo(placed, {
      on: [refunded],
      emits: [cancelled],
      handle: ({ data }) => cancelled(data),
    });
  const payment = service<Sql>("payment", {
    setup: (tx) =>
      tx.query(`CREATE TABLE IF NOT EXISTS charges (id serial PRIMARY KEY, order_id text,
        cents bigint, at timestamptz DEFAULT now(), token uuid DEFAULT gen_random_uuid());
        CREATE TABLE IF NOT EXISTS balance (cents bigint);
        INSERT INTO balance VALUES (0)`),
  })
    .on(placed, {
      emits: [charged],
      async handle({ data }, context) {
        await charge(data, context);
        await context.tx.query("UPDATE balance SET cents = cents + $1", [data.cents]);
        return charged(data);
      },
    })
    .undo(charged, {
      on: [soldOut],
      emits: [refunded],
      async handle({ data }, { tx }) {
        await tx.query("DELETE FROM charges WHERE order_id = $1", [data.orderId]);
        await tx.query("UPDATE balance SET cents = cents - $1", [data.cents]);
        return refunded(data);
      },
    });
  const stock = service<Sql>("stock", {
    setup: (tx) => tx.query("CREATE TABLE IF NOT EXISTS charges (order_id text)"),
  }).on(charged, {
    emits: [shipped],
    fails: [soldOut],
    async handle({ data }, { tx }) {
      const { rows } = await tx.query("SELECT order_id FROM charges");
      if (rows.length === 2) return soldOut(data);
      await tx.query("INSERT INTO charges VALUES ($1)", [data.orderId]);
      return shipped(data);
    },
  });
  const options: SimulationOptions<Sql> & { readonly store: "pglite" } = {
    store: "pglite",
    given: (given) => beginOrders(given, order),
    async holds({ rows, sagas }) {
      const { rows: charges } = await rows(payment).query(
        "SELECT order_id, cents FROM charges ORDER BY order_id",
      );
      const paid = [...sagas].filter(([, end]) => end === "succeeded").map(([id]) => id);
      assert.deepEqual(
        charges.map(({ order_id }) => order_id),
        paid.sort(),
      );
      const balance = await rows(payment).query("SELECT cents FROM balance");
      const sum = charges.reduce((all, { cents }) => all + Number(cents), 0);
      assert.equal(Number(balance.rows[0]?.cents), sum);
    },
    ...more,
  };
  return {
    choreography: choreography("shop", {
      services: [order, payment, stock],
      begins: [placed],
      succeeds: [shipped],
      fails: [cancelled],
    }),
    options,
    payment,
    order,
  };
}

type Shop = Parameters<SimulationGiven<Sql>["begin"]>[0];

function beginOrders({ begin, int, pick }: SimulationGiven<Sql>, order: Shop): void {
  const count = int(1, 3);
  for (let n = 1; n <= count; n++) {
    const data = { orderId: `o-${n}`, cents: pick([100, 250]) };
    begin(order, data.orderId, () => placed(data));
  }
}

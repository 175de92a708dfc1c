import assert from "node:assert/strict";
import { type Context, choreography, event, service } from "odori";
import type { SimulationGiven, SimulationOptions } from "odori/simulate";
import type { Sql } from "odori/sqlite";
import { z } from "zod";

const payload = z.object({ orderId: z.string() });
export const placed = event("order.placed.v1", payload);
export const charged = event("payment.charged.v1", payload);

type Work = (orderId: string, context: Context<Sql>) => unknown;

/** An order whose payment does what `work` says, and a row for it. */
export function shopWith(work: Work, more: Partial<SimulationOptions<Sql>> = {}) {
  const order = service<Sql>("order").begins(placed);
  const payment = service<Sql>("payment", {
    setup: (tx) => tx.exec("CREATE TABLE IF NOT EXISTS charges (order_id TEXT)"),
  }).on(placed, {
    emits: [charged],
    async handle({ data }, context) {
      context.tx.run("INSERT INTO charges VALUES (?)", data.orderId);
      await work(data.orderId, context);
      return charged(data);
    },
  });
  const services = [order, payment];
  const options: SimulationOptions<Sql> = {
    given: (given) => beginOrders(given, order),
    holds({ rows }) {
      const charges = rows(payment).all("SELECT order_id FROM charges");
      assert.equal(charges.length, new Set(charges.map((row) => row.order_id)).size);
    },
    ...more,
  };
  return {
    choreography: choreography("shop", { services, begins: [placed], succeeds: [charged] }),
    options,
  };
}

type Shop = Parameters<SimulationGiven<Sql>["begin"]>[0];

function beginOrders({ begin, int }: SimulationGiven<Sql>, order: Shop): void {
  const count = int(1, 2);
  for (let n = 1; n <= count; n++) begin(order, `o-${n}`, () => placed({ orderId: `o-${n}` }));
}

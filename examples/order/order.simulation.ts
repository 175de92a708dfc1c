import assert from "node:assert/strict";
import { type Draw, type SimulationOptions, simulation } from "odori/simulate";
import type { Sql } from "odori/sqlite";
import order from "./choreography.ts";
import { orderPlaced } from "./contracts.ts";
import { run } from "./database.ts";
import { STOCK } from "./inventory.ts";
import { order as shop } from "./order.ts";

/** What one order says, with each way to fail among it. */
function drawn(draw: Draw, orderId: string) {
  return {
    orderId,
    amountCents: draw.pick([1_000, 200_000]),
    sku: draw.pick(["kimono", "moon"]),
    quantity: draw.int(1, 3),
    destination: draw.pick(["Kyoto", "Atlantis"]),
  };
}

/** One to `most` orders, whose money and goods are conserved. */
export const orders = (most: number): SimulationOptions<Sql> => ({
  given: (given) => {
    const count = given.int(1, most);
    for (let n = 1; n <= count; n++) {
      const fact = drawn(given, `o-${n}`);
      given.begin(shop, fact.orderId, async (tx) => {
        const insert = "INSERT INTO orders (order_id, amount_cents, state) VALUES (?, ?, 'placed')";
        await run(tx, insert, fact.orderId, fact.amountCents);
        return orderPlaced(fact);
      });
    }
  },
  holds({ rows, sagas }) {
    const paid = rows("payment").all(
      "SELECT order_id, sum(CASE kind WHEN 'charge' THEN cents ELSE -cents END) AS cents, " +
        "count(*) AS entries FROM ledger GROUP BY order_id",
    );
    const shipped = rows("shipping").all("SELECT order_id FROM shipments");
    const reserved = rows("inventory").all("SELECT order_id, sku, quantity FROM reservations");
    for (const { order_id: id, amount_cents: cents, state } of rows("order").all(
      "SELECT * FROM orders",
    )) {
      const done = sagas.get(String(id)) === "succeeded";
      const of = (all: readonly { readonly order_id?: unknown }[]) =>
        all.filter((row) => row.order_id === id);
      assert.equal(state, done ? "completed" : "cancelled", `the state of ${id}`);
      const [entry] = paid.filter((row) => row.order_id === id);
      assert.equal(Number(entry?.cents ?? 0), done ? cents : 0, `the money of ${id}`);
      assert.equal(of(shipped).length, done ? 1 : 0, `the shipments of ${id}`);
      assert.equal(of(reserved).length, done ? 1 : 0, `the reservations of ${id}`);
    }
    for (const { sku, available } of rows("inventory").all("SELECT * FROM stock")) {
      const taken = reserved
        .filter((row) => row.sku === sku)
        .reduce((sum, { quantity }) => sum + Number(quantity), 0);
      assert.equal(Number(available) + taken, STOCK[String(sku)], `the stock of ${sku}`);
    }
  },
});

/** `odori simulate examples/order/order.simulation.ts`. */
export default simulation(order, orders(3));

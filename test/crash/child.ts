/**
 * Runs the order saga in a process of its own, which is killed at a step, or goes on until every
 * order has ended.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Probe, type Service, start } from "odori";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import choreography from "../../examples/order/choreography.ts";
import { orderPlaced } from "../../examples/order/contracts.ts";
import { run, type Tx } from "../../examples/order/database.ts";
import { inventory } from "../../examples/order/inventory.ts";
import { order } from "../../examples/order/order.ts";
import { makeOrders } from "../../examples/order/orders.ts";
import { payment } from "../../examples/order/payment.ts";
import { shipping } from "../../examples/order/shipping.ts";

const [folder = "", victim = "", step = "", count = "0", orders = "0"] = process.argv.slice(2);

/** Dies at the given step of the victim, when it comes there for the n-th time. */
function probeOf(service: string): Probe {
  let left = Number(count);
  return (at) => {
    if (service === victim && at === step && --left === 0) process.kill(process.pid, "SIGKILL");
  };
}

const bus = memoryBus(choreography.services);
const on = (service: Service<Tx, typeof orderPlaced> | Service<Tx>) => ({
  store: sqlite(join(folder, `${service.name}.db`)),
  bus,
  leaseMs: 200,
  pollMs: 10,
  probe: probeOf(service.name),
});
const [shop, ...others] = await Promise.all([
  start(order, on(order)),
  start(payment, on(payment)),
  start(inventory, on(inventory)),
  start(shipping, on(shipping)),
]);
const reader = new DatabaseSync(join(folder, "order.db"), { readOnly: true });
const placed = Number(reader.prepare("SELECT count(*) AS orders FROM orders").get()?.orders);
for (const { orderId, amountCents, ...goods } of makeOrders(placed + 1, Number(orders), 0.5)) {
  await shop.begin(orderId, async (tx) => {
    await run(
      tx,
      "INSERT INTO orders (order_id, amount_cents, state) VALUES (?, ?, 'placed')",
      orderId,
      amountCents,
    );
    return orderPlaced({ orderId, amountCents, ...goods });
  });
}
const open = reader.prepare("SELECT count(*) AS open FROM orders WHERE state = 'placed'");
while (Number(open.get()?.open) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
// Whatever is still to be confirmed is confirmed in the idle time that follows.
const idle = new Set<string>();
while (idle.size < 4) {
  for (const app of [shop, ...others])
    if ((await app.health()).store?.outbox === 0) idle.add(app.name);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
reader.close();
await Promise.all([shop, ...others].map((app) => app.stop()));

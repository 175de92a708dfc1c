/**
 * Runs the order saga in a process of its own. It kills itself at a step, or it ends once every
 * order has ended. It prints a dot for each step, so that a test can kill it from outside.
 */
import { writeSync } from "node:fs";
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
import { eventually } from "../support/eventually.ts";

const LIMIT_MS = 50_000;

const [folder = "", victim = "", step = "", count = "0", orders = "0"] = process.argv.slice(2);

/** Dies when the victim comes to the given step for the n-th time. */
function probeOf(service: string): Probe {
  let left = Number(count);
  return (at) => {
    if (service === victim && at === step && --left === 0) process.kill(process.pid, "SIGKILL");
    tell();
  };
}

const nothing = new Int32Array(new SharedArrayBuffer(4));

/** Waits until the test has read what was printed before: its end of the pipe may be full. */
function tell(): void {
  for (;;)
    try {
      writeSync(1, ".");
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      Atomics.wait(nothing, 0, 0, 1);
    }
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
await eventually("every order has ended", () => Number(open.get()?.open), 0, LIMIT_MS);
// An idle service deletes the outbox rows that the bus has acknowledged.
for (const app of [shop, ...others])
  await eventually(
    `the outbox of ${app.name} is empty`,
    async () => (await app.health()).store?.outbox,
    0,
    LIMIT_MS,
  );
reader.close();
await Promise.all([shop, ...others].map((app) => app.stop()));

/**
 * One process of one service, for the fault tests: it hears everything now and then twice and late,
 * and the order service places what it is told to.
 */
import { type Bus, type Health, type Service, start } from "odori";
import { orderPlaced } from "../../examples/order/contracts.ts";
import { run, type Tx } from "../../examples/order/database.ts";
import { inventory } from "../../examples/order/inventory.ts";
import { order } from "../../examples/order/order.ts";
import type { Order } from "../../examples/order/orders.ts";
import { payment } from "../../examples/order/payment.ts";
import { shipping } from "../../examples/order/shipping.ts";
import { BUSES, busOf, databasesOf, STORES } from "../../examples/order/wiring.ts";
import { tickets } from "./tickets.ts";

// Also while it starts: a run that is interrupted leaves no process behind.
process.once("disconnect", () => process.exit());
const [name = "", store = "", bus = "", data = ""] = process.argv.slice(2);
const wiring = {
  store: STORES.find((one) => one === store) ?? "sqlite",
  bus: BUSES.find((one) => one === bus) ?? "nats",
  data,
} as const;

/** How long a saga that has ended is remembered; 0 for the default of the runtime. */
const RETENTION_MS = Number(process.env.CHAOS_RETENTION_MS ?? 0);

/** Shares of what happens to a message on its way, beyond what the broker does to it. */
const MISCHIEF = { twice: 0.05, late: 0.05, lateMs: 100, unacknowledged: 0.02 };

function mischievous(inner: Bus): Bus {
  return {
    // With a short retention, what the broker keeps for longer is part of the mischief.
    guarantees: { ...inner.guarantees, ...(RETENTION_MS > 0 ? { retentionMs: RETENTION_MS } : {}) },
    async publish(events) {
      const copies = events.filter(() => Math.random() < MISCHIEF.twice);
      return (await inner.publish([...events, ...copies])).slice(0, events.length);
    },
    subscribe: (options, deliver) =>
      inner.subscribe(options, async (incoming) => {
        // The timer is the fault: a message that comes late.
        if (Math.random() < MISCHIEF.late)
          await new Promise((resolve) => setTimeout(resolve, Math.random() * MISCHIEF.lateMs));
        await deliver(incoming);
        if (Math.random() < MISCHIEF.unacknowledged)
          throw new Error("the acknowledgement was lost");
      }),
    close: () => inner.close(),
  };
}

const databases = await databasesOf(wiring);
const options = {
  store: databases.store(name),
  // As while all services are told to publish in batches.
  bus: mischievous(await busOf(wiring, name, Math.random() < 0.5 ? "batch" : "binary")),
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  pollMs: 100,
  ...(RETENTION_MS > 0 ? { retentionMs: RETENTION_MS } : {}),
  // A partner that hangs is given up soon, and asked often.
  handlerTimeoutMs: name === "tickets" ? 1_000 : 30_000,
  retry: name === "tickets" ? { attempts: 50, longestMs: 1_000 } : {},
};
if (name === "order") await shop();
else
  await others(
    [payment, inventory, shipping, tickets].find((one) => one.name === name) ?? shipping,
  );
process.send?.({ ready: true });

/** Says once a second how it is, as a readiness probe would ask. */
function sampleHealth(health: () => Promise<Health>): void {
  let asking = false;
  setInterval(async () => {
    if (asking) return;
    asking = true;
    const at = Date.now();
    const { state, takenOver, lost } = await health();
    asking = false;
    process.send?.({ health: { state, at }, takeover: { ...takenOver, lost } });
  }, 1_000);
}

async function others(service: Service<Tx, never>): Promise<void> {
  const app = await start(service, options);
  sampleHealth(() => app.health());
  process.once("SIGTERM", () => app.stop().then(() => process.exit()));
}

async function shop(): Promise<void> {
  const app = await start(order, options);
  sampleHealth(() => app.health());
  process.once("SIGTERM", () => app.stop().then(() => process.exit()));
  process.on("message", (orders: readonly Order[]) => {
    for (const { orderId, amountCents, ...goods } of orders) {
      const begun = app.begin(orderId, async (tx) => {
        await run(
          tx,
          "INSERT INTO orders (order_id, amount_cents, state) VALUES (?, ?, 'placed')",
          orderId,
          amountCents,
        );
        return orderPlaced({ orderId, amountCents, ...goods });
      });
      // The fleet asks again for orders without a reply, of any process of the service.
      begun.then(
        () => process.send?.({ placed: orderId }),
        () => process.send?.({ failed: orderId }),
      );
    }
  });
}

/** One process of one service in one version: `worker.ts SERVICE VERSION STORE DATA NAME`. */
import { type Service, start } from "odori";
import { nats } from "odori/nats";
import { files, type Tx } from "../../examples/order/database.ts";
import { schemas } from "../../examples/order/schemas.ts";
import { Books } from "./books.ts";
import { orderPlaced1, orderPlaced2 } from "./contracts.ts";
import type { Ask, Reply } from "./messages.ts";
import type { Order } from "./orders.ts";
import { others as firstOthers, order as order1 } from "./version-1.ts";
import { order as order2, others as secondOthers } from "./version-2.ts";

const [name = "", version = "", store = "", data = "", stream = ""] = process.argv.slice(2);
const databases = store === "sqlite" ? files(data) : schemas(process.env.ROLLING_POSTGRES ?? "");
const options = {
  store: databases.store(name),
  bus: nats({ servers: process.env.ROLLING_NATS ?? "", stream, prefix: stream, ackWaitMs: 5_000 }),
  pollMs: 50,
  leaseMs: 1_500,
  retry: { firstMs: 20, longestMs: 200 },
};
const reply = (message: Reply) => process.send?.(message, () => {});
const books = new Books(version === "1" ? "1" : "2");

interface Running {
  health(): Promise<{ readonly unknown: Readonly<Record<string, number>> | undefined }>;
  stop(): Promise<void>;
}

function serve(app: Running, place: (order: Order) => Promise<unknown>): void {
  process.once("SIGTERM", () => app.stop().then(() => process.exit()));
  process.once("disconnect", () => process.exit());
  process.on("message", ({ place: orders, health }: Ask) => {
    // The fleet asks again for orders without a reply, of any process of the service.
    for (const order of orders ?? [])
      place(order).then(
        () => reply({ placed: order.orderId }),
        () => {},
      );
    if (health === true) app.health().then(({ unknown }) => reply({ unknown: unknown ?? null }));
  });
  reply({ ready: true });
}

async function others(service: Service<Tx, never>): Promise<void> {
  serve(await start(service, options), () => Promise.reject(new Error("it begins no saga")));
}

async function shop(): Promise<void> {
  if (version === "1") {
    const app = await start(order1, options);
    serve(app, (order) =>
      app.begin(order.orderId, async (tx) => {
        await books.write({ tx, attempt: 1 }, order.orderId, "placed", order.cents);
        return orderPlaced1(order);
      }),
    );
  } else {
    const app = await start(order2, options);
    serve(app, (order) =>
      app.begin(order.orderId, async (tx) => {
        await books.write({ tx, attempt: 1 }, order.orderId, "placed", order.cents);
        return orderPlaced2({ ...order, currency: "JPY" });
      }),
    );
  }
}

const found = (version === "1" ? firstOthers : secondOthers).find((one) => one.name === name);
await (found === undefined ? shop() : others(found));

import { mkdirSync } from "node:fs";
import { start } from "odori";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import choreography from "./choreography.ts";
import { order } from "./order.ts";
import { Orders } from "./orders.ts";
import { payment } from "./payment.ts";
import { stock } from "./stock.ts";

export type Shop = Awaited<ReturnType<typeof openShop>>;

/** Starts all services in this process: a SQLite file for each, and the in-process bus. */
export async function openShop(folder = process.env.DATA ?? ".odori") {
  mkdirSync(folder, { recursive: true });
  const bus = memoryBus(choreography.services);
  const on = (service: string) => ({ store: sqlite(`${folder}/${service}.db`), bus });
  const [orders, ...others] = await Promise.all([
    start(order, { ...on("order"), ends: choreography }),
    start(payment, on("payment")),
    start(stock, on("stock")),
  ]);
  const apps = [orders, ...others];
  return {
    orders: new Orders(orders),
    apps,
    /** Waits for handlers that run. What is still open goes on when the services start again. */
    async close() {
      await Promise.all(apps.map((app) => app.stop()));
      await bus.close();
    },
  };
}

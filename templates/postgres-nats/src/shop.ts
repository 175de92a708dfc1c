import { type App, type EventContract, start, type Tx } from "odori";
import { nats } from "odori/nats";
import { postgres } from "odori/postgres";
import choreography from "./choreography.ts";
import { order } from "./order.ts";
import { Orders } from "./orders.ts";
import { payment } from "./payment.ts";
import { DATABASE_URL, NATS_URL } from "./servers.ts";
import { stock } from "./stock.ts";

/** Which services this process runs: in production, one. */
const { SERVICES = "order,payment,stock" } = process.env;

/** A schema for each service, with Odori's tables and its own. */
function storeOf(service: string) {
  const url = new URL(DATABASE_URL);
  url.searchParams.set("options", `-c search_path=${service}`);
  return postgres({ connectionString: url.href, schema: service });
}

export interface Shop {
  /** Present where the order service runs. */
  readonly orders: Orders | undefined;
  readonly apps: readonly App<Tx, EventContract>[];
  close(): Promise<void>;
}

/** Starts the services of this process, on Postgres and NATS. */
export async function openShop(): Promise<Shop> {
  const names = SERVICES.split(",");
  const bus = nats({ servers: NATS_URL });
  const run = (name: string) => names.includes(name);
  const on = (service: string) => ({ store: storeOf(service), bus });
  const orders = run("order")
    ? await start(order, { ...on("order"), ends: choreography })
    : undefined;
  const payments = run("payment") ? await start(payment, on("payment")) : undefined;
  const stocks = run("stock") ? await start(stock, on("stock")) : undefined;
  const apps = [orders, payments, stocks].filter((app) => app !== undefined);
  return {
    orders: orders && new Orders(orders),
    apps,
    async close() {
      await Promise.all(apps.map((app) => app.stop()));
      await bus.close();
    },
  };
}

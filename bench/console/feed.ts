import { join } from "node:path";
import choreography from "../../examples/order/choreography.ts";
import { files } from "../../examples/order/database.ts";
import { makeOrders } from "../../examples/order/orders.ts";
import { Shop } from "../../examples/order/shop.ts";
import { SqliteSource } from "../../src/adapters/sqlite/source.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import type { Figure } from "./figure.ts";

const ROWS_A_SECOND = 20_000;
/** Of the orders, the share that fails somewhere. */
const FAILING = 0.4;

/** How fast a projection is built from the journals of four services. */
export async function feedFigure(folder: string, orders: number): Promise<Figure> {
  const databases = files(folder);
  const shop = await Shop.open({ store: "sqlite", bus: "memory", data: folder }, databases, false);
  await shop.open();
  await shop.run(makeOrders(1, orders, FAILING), new AbortController().signal, () => {});
  await shop.stop();
  await databases.close();
  const sources = ["order", "payment", "inventory", "shipping"].map(
    (name) => new SqliteSource(join(folder, `${name}.db`)),
  );
  const projection = new Projection(join(folder, "built.sqlite"));
  const observer = new Observer({ sources, projection, ends: manifestOf(choreography) });
  const cpu = process.cpuUsage();
  const began = performance.now();
  const rows = await observer.catchUp();
  const tookMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  await Promise.all(sources.map((source) => source.close()));
  projection.close();
  const perSecond = (ms: number) => Math.round((rows / ms) * 1_000);
  const ofCpu = perSecond((user + system) / 1_000);
  const number = (n: number) => n.toLocaleString("en");
  return {
    name: `building a projection of ${number(rows)} rows`,
    measured: `${number(perSecond(tookMs))} rows/s, ${number(ofCpu)} a second of CPU`,
    goal: `${number(ROWS_A_SECOND)} rows/s`,
    met: perSecond(tookMs) >= ROWS_A_SECOND,
  };
}

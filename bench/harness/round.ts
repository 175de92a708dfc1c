import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orderIdOf, type Running, SERVICES, type Servers } from "./contestant.ts";
import { Driver, type Latency, type Throughput } from "./drive.ts";
import { ENTRIES } from "./entries.ts";
import { warmUpOf } from "./sizes.ts";
import { audit, piecesOf, type Stock } from "./stock.ts";

/*
 * One round of one contestant, in a process of its own: `node round.ts '{"name": …}'`. Writes one
 * line of JSON.
 */

export interface Order {
  readonly name: string;
  readonly sagas: number;
  readonly bulkSagas: number;
  readonly latencySagas: number;
  readonly pacedSeconds: number;
  /** What there is to sell, in a round of the contended workload. */
  readonly stock?: Stock | undefined;
  /** With an empty database in Postgres. */
  readonly servers: Servers;
}

export interface Result {
  readonly durability: string;
  readonly oneByOne: Throughput;
  readonly inBulk: Throughput;
  readonly latency: Latency | undefined;
  /** At 500 sagas a second; undefined for a contestant that cannot keep up. */
  readonly paced: Latency | undefined;
  readonly peakMiB: number;
}

const PACE = 500;

// A round that hangs is ended; what it has started ends with it.
process.once("SIGTERM", () => process.exit(1));

const order: Order = JSON.parse(process.argv[2] ?? "{}");
const entry = ENTRIES.find(({ name }) => name === order.name);
if (entry === undefined) throw new Error(`no contestant ${order.name}`);
const contestant = await entry.load();
const driver = new Driver(0, contestant.inFlight);
const folder = mkdtempSync(join(tmpdir(), "odori-bench-"));
try {
  const running = await contestant.open({
    servers: order.servers,
    folder,
    finished: driver.finished,
    ...(order.stock === undefined ? {} : { stock: order.stock }),
  });
  driver.drive(running);
  await driver.inBulk(warmUpOf(order.bulkSagas));
  const inBulk = await driver.inBulk(order.bulkSagas);
  const oneByOne = await driver.oneByOne(order.sagas);
  const latency = order.latencySagas === 0 ? undefined : await driver.latency(order.latencySagas);
  const keepsUp = oneByOne.sagasPerSecond > PACE * 1.2;
  const paced =
    keepsUp && order.pacedSeconds > 0 ? await driver.paced(PACE, order.pacedSeconds) : undefined;
  await verify(running, driver.begun, order.stock);
  await running.close();
  const peakMiB = process.resourceUsage().maxRSS / 1_024;
  const result: Result = {
    durability: contestant.durability,
    oneByOne,
    inBulk,
    latency,
    paced,
    peakMiB,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// Some clients leave a socket or a timer open. The figures are written, so end here.
process.exit(0);

/** Throws unless each order is there exactly once at each step, and no piece was sold twice. */
async function verify(running: Running, begun: number, stock: Stock | undefined): Promise<void> {
  const rows = await running.rows();
  const orderIds = Array.from({ length: begun }, (_, n) => orderIdOf(n));
  for (const name of SERVICES) {
    const found = new Set(rows[name]);
    const missing = orderIds.filter((orderId) => !found.has(orderId));
    if (rows[name].length !== begun || missing.length > 0) {
      throw new Error(
        `${order.name}: ${name} has ${rows[name].length} rows of ${found.size} orders ` +
          `instead of ${begun}`,
      );
    }
  }
  if (stock === undefined) return;
  const sales = await running.sales?.();
  if (sales === undefined) throw new Error(`${order.name} does not tell what it has sold`);
  audit(sales, piecesOf(stock), orderIds);
}

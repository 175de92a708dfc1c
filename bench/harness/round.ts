import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orderIdOf, type Running, SERVICES, type Servers } from "./contestant.ts";
import { Driver, type Latency, type Throughput } from "./drive.ts";
import { ENTRIES } from "./entries.ts";

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

const WARM_UP = 500;
const PACE = 500;

const order: Order = JSON.parse(process.argv[2] ?? "{}");
const entry = ENTRIES.find(({ name }) => name === order.name);
if (entry === undefined) throw new Error(`no contestant ${order.name}`);
const contestant = await entry.load();
const driver = new Driver();
const folder = mkdtempSync(join(tmpdir(), "odori-bench-"));
try {
  const running = await contestant.open({
    servers: order.servers,
    folder,
    finished: driver.finished,
  });
  driver.drive(running);
  await driver.inBulk(WARM_UP);
  const inBulk = await driver.inBulk(order.bulkSagas);
  const oneByOne = await driver.oneByOne(order.sagas);
  const latency = order.latencySagas === 0 ? undefined : await driver.latency(order.latencySagas);
  const keepsUp = oneByOne.sagasPerSecond > PACE * 1.2;
  const paced =
    keepsUp && order.pacedSeconds > 0 ? await driver.paced(PACE, order.pacedSeconds) : undefined;
  await verify(running, driver.begun);
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

/** Throws unless each order is there exactly once at each step. */
async function verify(running: Running, begun: number): Promise<void> {
  const rows = await running.rows();
  for (const name of SERVICES) {
    const found = new Set(rows[name]);
    const missing = Array.from({ length: begun }, (_, n) => orderIdOf(n)).filter(
      (orderId) => !found.has(orderId),
    );
    if (rows[name].length !== begun || missing.length > 0) {
      throw new Error(
        `${order.name}: ${name} has ${rows[name].length} rows of ${found.size} orders ` +
          `instead of ${begun}`,
      );
    }
  }
}

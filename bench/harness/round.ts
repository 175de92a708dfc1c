import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { orderIdOf, type Running, SERVICES, type Servers } from "./contestant.ts";
import { Driver, type Latency, type Throughput } from "./drive.ts";
import { ENTRIES } from "./entries.ts";

/* One round of one contestant, in a process of its own: `node round.ts '{"name": …}'`. Writes one line of JSON. */

export interface Order {
  readonly name: string;
  readonly sagas: number;
  readonly latencySagas: number;
  readonly pacedSeconds: number;
  readonly servers: Servers;
}

export interface Result {
  readonly durability: string;
  readonly oneByOne: Throughput;
  readonly inBulk: Throughput;
  readonly latency: Latency | undefined;
  /** At 500 sagas a second; undefined for who cannot keep up. */
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
const database = entry.needs.includes("postgres") ? await freshDatabase(order.servers.postgres) : undefined;
try {
  const servers = { ...order.servers, postgres: database?.url ?? "" };
  const running = await contestant.open({ servers, folder, finished: driver.finished });
  driver.drive(running);
  await driver.inBulk(WARM_UP);
  const inBulk = await driver.inBulk(order.sagas);
  const oneByOne = await driver.oneByOne(order.sagas);
  const latency = order.latencySagas === 0 ? undefined : await driver.latency(order.latencySagas);
  const keepsUp = oneByOne.sagasPerSecond > PACE * 1.2;
  const paced = keepsUp && order.pacedSeconds > 0 ? await driver.paced(PACE, order.pacedSeconds) : undefined;
  await verify(running, driver.begun);
  await running.close();
  const peakMiB = process.resourceUsage().maxRSS / 1_024;
  const result: Result = { durability: contestant.durability, oneByOne, inBulk, latency, paced, peakMiB };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (process.env.DBG) console.error(process.cpuUsage());
} finally {
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
}
// Some clients leave a socket or a timer behind; the figures are out.
process.exit(0);

/** Each order exactly once at each step, or the run does not count. */
async function verify(running: Running, begun: number): Promise<void> {
  const rows = await running.rows();
  for (const name of SERVICES) {
    const found = new Set(rows[name]);
    const missing = Array.from({ length: begun }, (_, n) => orderIdOf(n)).filter((orderId) => !found.has(orderId));
    if (rows[name].length !== begun || missing.length > 0) {
      throw new Error(`${order.name}: ${name} has ${rows[name].length} rows of ${found.size} orders instead of ${begun}`);
    }
  }
}

async function freshDatabase(url: string): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const name = `bench_${randomUUID().replaceAll("-", "")}`;
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  // What the one before has left to be written is not charged to this one.
  await admin.query("CHECKPOINT");
  await admin.query(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    url: own.href,
    async drop() {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}

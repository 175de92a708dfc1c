import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Servers } from "./harness/contestant.ts";
import { withDatabase } from "./harness/database.ts";
import { Driver } from "./harness/drive.ts";
import { ENTRIES, type Entry } from "./harness/entries.ts";
import { tableHead, tableRow } from "./harness/markdown.ts";
import { startServers } from "./harness/servers.ts";
import { median } from "./harness/statistics.ts";
import { type Hop, PARTS, Stamps } from "./hop/stamps.ts";

const HELP = `Shows where the milliseconds of a hop go: from the commit of one service to that of
the next, with one saga in flight. The points are those at which crash tests end a process.

  npm run bench:hop                          1,000 sagas on each store and bus, about two minutes
  npm run bench:hop -- --sagas 200 --only NATS

  bus      the event is published, and the next service is told of it
  lane     it waits for its transaction
  look-up  its saga is locked, and inbox and fence are looked up
  handler  the handler runs, which writes one row
  rows     inbox, fence and outbox are written
  commit   the reply to COMMIT comes, if it did not come with the rows
`;

const { values } = parseArgs({
  options: {
    sagas: { type: "string", default: "1000" },
    only: { type: "string", default: "" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const sagas = Number(values.sagas);
if (!Number.isSafeInteger(sagas) || sagas < 1)
  throw new Error(`--sagas is ${JSON.stringify(values.sagas)}: a whole number from 1`);

const chosen = ENTRIES.filter(
  ({ kind, contended, name }) => kind === "odori" && !contended && name.includes(values.only),
);
if (chosen.length === 0) throw new Error(`--only ${JSON.stringify(values.only)} names nothing`);
const { servers, stop } = await startServers(new Set(chosen.flatMap(({ needs }) => needs)));
try {
  process.stdout.write(tableHead(["ms of a hop, medians", ...PARTS, "a hop", "p50 of a saga"]));
  for (const entry of chosen) {
    const missing = entry.needs.find((name) => servers[name] === "");
    if (missing !== undefined) process.stderr.write(`${entry.name}: left out, no ${missing}\n`);
    else if (servers.postgres === "") await measure(entry, servers);
    else
      await withDatabase(servers.postgres, (url) => measure(entry, { ...servers, postgres: url }));
  }
} finally {
  await stop();
}
process.exit();

async function measure(entry: Entry, own: Servers): Promise<void> {
  const contestant = await entry.load();
  const driver = new Driver();
  const stamps = new Stamps();
  const folder = mkdtempSync(join(tmpdir(), "odori-bench-"));
  try {
    const { finished } = driver;
    const { passed } = stamps;
    const running = await contestant.open({ servers: own, folder, finished, passed });
    driver.drive(running);
    await driver.inBulk(500);
    await driver.latency(sagas / 10);
    const hops: Hop[] = [];
    const times: number[] = [];
    let incomplete = 0;
    stamps.take();
    for (let saga = 0; saga < sagas; saga++) {
      times.push((await driver.latency(1)).p50);
      const taken = stamps.take();
      if (taken === undefined) incomplete++;
      else hops.push(...taken);
    }
    await running.close();
    const whole = (hop: Hop) => PARTS.reduce((sum, part) => sum + hop[part], 0);
    const figures = [...PARTS.map((part) => hops.map((hop) => hop[part])), hops.map(whole), times];
    const shown = figures.map((list) => median(list).toFixed(2));
    process.stdout.write(tableRow([entry.name.replace("Odori, ", ""), ...shown]));
    // Another member was faster than the one that is watched, or a part was done again.
    if (incomplete > 0) process.stderr.write(`${entry.name}: ${incomplete} sagas left out\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

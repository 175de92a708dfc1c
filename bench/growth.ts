import { Command, InvalidArgumentError, Option } from "commander";
import type { Store } from "odori";
import type { Ground, Place } from "./growth/ground.ts";
import { overPostgres } from "./growth/postgres.ts";
import { type Read, timeReads } from "./growth/reads.ts";
import { overSqlite } from "./growth/sqlite.ts";
import type { Running, ServerName } from "./harness/contestant.ts";
import { Driver, type Throughput } from "./harness/drive.ts";
import { tableHead, tableRow } from "./harness/markdown.ts";
import { startServers } from "./harness/servers.ts";
import { median } from "./harness/statistics.ts";

interface Flags {
  readonly sizes: readonly number[];
  readonly only?: string;
  readonly waiting: boolean;
  readonly soakMinutes?: number;
}

const positive = (text: string) => {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It is a number above 0.");
};
const counts = (text: string) => {
  const given = text.split(",").map(Number);
  if (given.every((size, n) => Number.isSafeInteger(size) && size > (given[n - 1] ?? 0)))
    return given;
  throw new InvalidArgumentError("They are whole numbers above 0, rising, separated by commas.");
};

const { sizes, only, waiting, soakMinutes } = new Command("npm run bench:growth --")
  .description(
    "Measures sagas beside the rows of many finished ones, in turn with an empty database. " +
      "The finished ones began in the last four weeks, and have random ids. " +
      "Then it times what is read among them, and retention; or it watches memory over time.",
  )
  .option(
    "--sizes <numbers>",
    "finished sagas kept, rising, separated by commas",
    counts,
    [10_000, 100_000, 1_000_000],
  )
  .addOption(new Option("--only <name>", "on one of them").choices(["SQLite", "Postgres"]))
  .option(
    "--waiting",
    "none of them is finished: each has a delivery in each service that is due in a week",
    false,
  )
  .option(
    "--soak-minutes <n>",
    "instead, 300 sagas a second for n minutes, and the memory each minute",
    positive,
  )
  .addHelpText(
    "after",
    "\nExamples:\n" +
      "  npm run bench:growth -- --sizes 10000 --only SQLite\n" +
      "  npm run bench:growth -- --sizes 10000000 --only Postgres   (26 GB, half an hour)\n" +
      "  npm run bench:growth -- --sizes 1000000 --waiting --only Postgres\n" +
      "  npm run bench:growth -- --soak-minutes 20",
  )
  .parse()
  .opts<Flags>();
const SAGAS = 3_000;
const WARM_UP = 500;
const ROUNDS = 3;
const PACE = 300;
/** Within the retention of 30 days: otherwise it would be deleted meanwhile. */
const HISTORY_MS = 4 * 604_800_000;

const { servers, stop } = await startServers(new Set<ServerName>(["postgres"]));
try {
  for (const ground of [overSqlite(servers), overPostgres(servers)]) {
    if (only !== undefined && only !== ground.name) continue;
    if (ground.name === "Postgres" && servers.postgres === "")
      process.stderr.write("Postgres: left out, there is none\n");
    else if (soakMinutes === undefined) await grow(ground);
    else await soak(ground, soakMinutes);
  }
} finally {
  await stop();
}
process.exit();

async function grow(ground: Ground): Promise<void> {
  process.stdout.write(
    `\n${ground.name}, ${SAGAS} sagas in bulk, ${ROUNDS} rounds, each beside an empty database\n\n`,
  );
  process.stdout.write(
    tableHead([
      waiting ? "waiting sagas kept" : "finished sagas kept",
      "sagas/s, of that of an empty one; with ids in order",
      "CPU ms/saga, against an empty one; with ids in order",
      "log KiB/saga; with ids in order; of an empty one",
      "afterwards",
    ]),
  );
  await ground.empty(async (place) => {
    const reads = new Map<number, readonly Read[]>();
    let filled = 0;
    // The first run leaves the rows that are copied.
    let begun = 0;
    const next = async (idOf?: (n: number) => string) => {
      const grown = await measure(ground, place, begun, idOf);
      begun += SAGAS + WARM_UP;
      return grown;
    };
    await next();
    for (const size of sizes) {
      await fill(ground, place, filled, size);
      filled = size;
      const rounds: Round[] = [];
      for (let round = 0; round < ROUNDS; round++)
        rounds.push({
          fresh: await measureEmpty(ground),
          grown: await next(),
          ordered: await next(idInOrder),
        });
      process.stdout.write(
        tableRow([size.toLocaleString("en"), ...grownCells(rounds), await ground.left(place)]),
      );
      reads.set(size, await withStore(ground, place, timeReads));
    }
    showReads(reads);
    const { rows, longestMs, ms } = await withStore(ground, place, purgeAll);
    process.stdout.write(
      `\nRetention: about ${rows.toLocaleString("en")} inbox rows of one service deleted in ` +
        `${(ms / 1_000).toFixed(2)} s; the longest call took ${longestMs.toFixed(0)} ms\n`,
    );
  });
}

async function fill(ground: Ground, place: Place, from: number, to: number): Promise<void> {
  const last = Date.now();
  let done = 0;
  await ground.fill(place, { from, to, first: last - HISTORY_MS, last, waiting }, (sagas) => {
    done += sagas;
    process.stderr.write(`${ground.name}: ${done.toLocaleString("en")} rows of sagas\n`);
  });
}

function showReads(reads: ReadonlyMap<number, readonly Read[]>): void {
  const names = [...reads.values()][0]?.map(({ name }) => name) ?? [];
  const head = [...reads.keys()].map((size) => size.toLocaleString("en"));
  process.stdout.write(`\n${tableHead(["read, ms: median, worst of 15", ...head])}`);
  for (const name of names) {
    const cells = [...reads.values()].map((list) => list.find((read) => read.name === name));
    process.stdout.write(
      tableRow([name, ...cells.map((read) => `${read?.ms.toFixed(1)}, ${read?.worst.toFixed(1)}`)]),
    );
  }
}

type Measured = Throughput & { readonly logKib: number | undefined };

/** One after the other: an empty database, a grown one, and that with ids in order of time. */
type Round = Readonly<Record<"fresh" | "grown" | "ordered", Measured>>;

function grownCells(rounds: readonly Round[]): readonly string[] {
  const of = (ratio: (round: Round) => number) => median(rounds.map(ratio)).toFixed(2);
  const both = (ratio: (measured: Measured, fresh: Measured) => number) =>
    `${of(({ grown, fresh }) => ratio(grown, fresh))}; ` +
    of(({ ordered, fresh }) => ratio(ordered, fresh));
  const log = (pick: keyof Round) =>
    median(rounds.map((round) => round[pick].logKib ?? Number.NaN)).toFixed(1);
  return [
    both((measured, fresh) => measured.sagasPerSecond / fresh.sagasPerSecond),
    both((measured, fresh) => totalCpu(measured) / totalCpu(fresh)),
    rounds.some(({ grown }) => grown.logKib === undefined)
      ? "-"
      : `${log("grown")}; ${log("ordered")}; ${log("fresh")}`,
  ];
}

/** As UUIDs of version 7 are in order: neighbours lie on one page of an index. */
function idInOrder(n: number): string {
  return `o-${(0x10_0000_0000_0000 + n).toString(16)}`;
}

async function measureEmpty(ground: Ground): Promise<Measured> {
  let result: Measured | undefined;
  await ground.empty(async (place) => {
    result = await measure(ground, place, 0);
  });
  if (result === undefined) throw new Error("nothing was measured");
  return result;
}

async function measure(
  ground: Ground,
  place: Place,
  begun: number,
  idOf?: (n: number) => string,
): Promise<Measured> {
  const driver = new Driver(begun, undefined, idOf);
  const { finished } = driver;
  const running: Running = await ground.contestant.open({ ...place, finished });
  driver.drive(running);
  await driver.inBulk(WARM_UP);
  await ground.settle(place);
  const before = await ground.logged(place);
  const result = await driver.inBulk(SAGAS);
  const after = await ground.logged(place);
  await running.close();
  const bytes = before === undefined || after === undefined ? undefined : after - before;
  return { ...result, logKib: bytes === undefined ? undefined : bytes / 1_024 / SAGAS };
}

async function soak(ground: Ground, length: number): Promise<void> {
  process.stdout.write(
    `\n${ground.name}, ${PACE} sagas a second for ${length} minutes\n\n` +
      tableHead([
        "minute",
        "sagas",
        "heap after a collection, MiB",
        "resident, MiB",
        "p50 / p99 ms",
      ]),
  );
  await ground.empty(async (place) => {
    const driver = new Driver();
    const running = await ground.contestant.open({ ...place, finished: driver.finished });
    driver.drive(running);
    for (let minute = 1; minute <= length; minute++) {
      const { p50, p99 } = await driver.paced(PACE, 60);
      globalThis.gc?.();
      const { heapUsed, rss } = process.memoryUsage();
      const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
      process.stdout.write(
        tableRow([
          minute,
          driver.begun.toLocaleString("en"),
          mib(heapUsed),
          mib(rss),
          `${p50.toFixed(1)} / ${p99.toFixed(1)}`,
        ]),
      );
    }
    await running.close();
    process.stdout.write(`\n${await ground.left(place)}\n`);
  });
}

async function withStore<T>(
  ground: Ground,
  place: Place,
  work: (store: Store<unknown>) => Promise<T>,
): Promise<T> {
  const store = ground.store(place);
  // As if a moment had passed since the last saga.
  const now = () => Date.now() + 1;
  await store.open({ service: "payment", owner: "growth", leaseMs: 60_000, now });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function purgeAll(store: Store<unknown>) {
  let rows = 0;
  let longestMs = 0;
  const start = performance.now();
  for (;;) {
    const began = performance.now();
    const gone = await store.purge(0, 1_000);
    longestMs = Math.max(longestMs, performance.now() - began);
    rows += gone.rows;
    if (!gone.more) break;
  }
  return { rows, longestMs, ms: performance.now() - start };
}

/** A saga's, with its share of the servers'. */
function totalCpu({ cpuMs, serversCpuMs }: Throughput): number {
  return cpuMs + serversCpuMs;
}

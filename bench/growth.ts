import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Command, InvalidArgumentError, Option } from "commander";
import { postgres } from "odori/postgres";
import { sqlite } from "odori/sqlite";
import pg from "pg";
import {
  type Contestant,
  type Running,
  SERVICES,
  type ServerName,
  type Servers,
} from "./harness/contestant.ts";
import { withDatabase } from "./harness/database.ts";
import { Driver, type Throughput } from "./harness/drive.ts";
import { tableHead, tableRow } from "./harness/markdown.ts";
import { startServers } from "./harness/servers.ts";
import { median } from "./harness/statistics.ts";
import { odoriSqlite } from "./ours/embedded.ts";
import { odoriPostgres } from "./ours/servers.ts";

interface Flags {
  readonly sizes: readonly number[];
  readonly only?: string;
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

const { sizes, only, soakMinutes } = new Command("npm run bench:growth --")
  .description(
    "Measures sagas beside the rows of many finished ones, in turn with an empty database. " +
      "Then it counts the rows that are left, times retention, or watches memory over time.",
  )
  .option(
    "--sizes <numbers>",
    "finished sagas kept, rising, separated by commas",
    counts,
    [10_000, 100_000, 1_000_000],
  )
  .addOption(new Option("--only <name>", "on one of them").choices(["SQLite", "Postgres"]))
  .option(
    "--soak-minutes <n>",
    "instead, 300 sagas a second for n minutes, and the memory each minute",
    positive,
  )
  .addHelpText(
    "after",
    "\nExamples:\n" +
      "  npm run bench:growth -- --sizes 10000 --only SQLite\n" +
      "  npm run bench:growth -- --soak-minutes 20",
  )
  .parse()
  .opts<Flags>();
const SAGAS = 3_000;
const ROUNDS = 3;
const PACE = 300;

/** A database of one kind that can be filled with rows as sagas leave them. */
interface Ground {
  readonly name: string;
  readonly contestant: Contestant;
  /** Works with an empty one. */
  empty(work: (place: Place) => Promise<void>): Promise<void>;
  /** Adds the finished sagas numbered `from` to `to`, by copying the rows of one that ran. */
  fill(place: Place, from: number, to: number): Promise<void>;
  /** Counts the rows that are left after everything was drained. */
  left(place: Place): Promise<string>;
  /**
   * Deletes all inbox rows of one service that are past their time; returns how many, and the
   * longest call in milliseconds.
   */
  purge(
    place: Place,
  ): Promise<{ readonly rows: number; readonly longestMs: number; readonly ms: number }>;
}

interface Place {
  readonly servers: Servers;
  readonly folder: string;
}

const { servers, stop } = await startServers(new Set<ServerName>(["postgres"]));
try {
  for (const ground of [overSqlite(), overPostgres()]) {
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
      "finished sagas kept",
      "sagas/s, of that of an empty one",
      "CPU ms/saga, against an empty one",
      "afterwards",
    ]),
  );
  await ground.empty(async (place) => {
    let filled = 0;
    let begun = 0;
    for (const size of sizes) {
      const speeds: number[] = [];
      const costs: number[] = [];
      for (let round = 0; round <= ROUNDS; round++) {
        const fresh = await measureEmpty(ground);
        // The first run leaves the rows that are copied.
        const grown = await measure(ground, place, begun);
        begun += SAGAS + 500;
        if (filled < size) {
          await ground.fill(place, filled, size);
          filled = size;
          continue;
        }
        speeds.push(grown.sagasPerSecond / fresh.sagasPerSecond);
        costs.push(totalCpu(grown) / totalCpu(fresh));
      }
      const left = await ground.left(place);
      process.stdout.write(
        tableRow([
          size.toLocaleString("en"),
          median(speeds).toFixed(2),
          median(costs).toFixed(2),
          left,
        ]),
      );
    }
    const { rows, longestMs, ms } = await ground.purge(place);
    process.stdout.write(
      `\nRetention: ${rows.toLocaleString("en")} inbox rows of one service deleted, ` +
        `1,000 at a time, in ${(ms / 1_000).toFixed(1)} s; ` +
        `the longest call took ${longestMs.toFixed(0)} ms\n`,
    );
  });
}

async function measureEmpty(ground: Ground) {
  let result: Awaited<ReturnType<typeof measure>> | undefined;
  await ground.empty(async (place) => {
    result = await measure(ground, place, 0);
  });
  if (result === undefined) throw new Error("nothing was measured");
  return result;
}

async function measure({ contestant }: Ground, place: Place, begun: number) {
  const driver = new Driver(begun);
  const running: Running = await contestant.open({ ...place, finished: driver.finished });
  driver.drive(running);
  await driver.inBulk(500);
  const result = await driver.inBulk(SAGAS);
  await running.close();
  return result;
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

function overSqlite(): Ground {
  const files = ({ folder }: Place) => SERVICES.map((name) => join(folder, `${name}.db`));
  return {
    name: "SQLite",
    contestant: odoriSqlite,
    async empty(work) {
      const folder = mkdtempSync(join(tmpdir(), "odori-bench-"));
      try {
        await work({ servers, folder });
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    async fill(place, from, to) {
      for (const file of files(place)) {
        const database = new DatabaseSync(file);
        const numbers = `WITH RECURSIVE n(i) AS (
          SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${to})`;
        const id = `printf('%08x-%04x-8', (i / 65536) + 26000000, i % 65536)
          || substr(lower(hex(randomblob(10))), 1, 19)`;
        database.exec(`BEGIN;
          INSERT INTO odori_inbox (born, reaction, source, id, type, saga_id, causation_id,
              disposition, effect, emitted, at)
            ${numbers} SELECT born, reaction, source, ${id}, type, printf('f-%07x', i),
              causation_id, disposition, effect, emitted, at
            FROM n, (SELECT * FROM odori_inbox ORDER BY seq LIMIT 1);
          INSERT INTO odori_saga (saga_id, born, last, marks)
            ${numbers} SELECT printf('f-%07x', i), born, last, marks
            FROM n, (SELECT * FROM odori_saga LIMIT 1);
          COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`);
        database.close();
      }
    },
    async left(place) {
      const found = files(place).map((file) => {
        const database = new DatabaseSync(file, { readOnly: true });
        const row = database
          .prepare(
            `SELECT (SELECT count(*) FROM odori_outbox) AS outbox,
               (SELECT count(*) FROM odori_deferred) AS deferred`,
          )
          .get();
        database.close();
        return [Number(row?.outbox), Number(row?.deferred)];
      });
      const list = (column: 0 | 1) => found.map((counts) => counts[column]).join(", ");
      return `outbox ${list(0)} rows, deferred ${list(1)}`;
    },
    purge: (place) => purged(sqlite(join(place.folder, "payment.db"))),
  };
}

function overPostgres(): Ground {
  const client = async <T>(
    { servers: { postgres: connectionString } }: Place,
    work: (client: pg.Client) => Promise<T>,
  ): Promise<T> => {
    const one = new pg.Client({ connectionString });
    await one.connect();
    try {
      return await work(one);
    } finally {
      await one.end();
    }
  };
  return {
    name: "Postgres",
    contestant: odoriPostgres,
    empty: (work) =>
      withDatabase(servers.postgres, (url) =>
        work({ servers: { ...servers, postgres: url }, folder: "" }),
      ),
    fill: (place, from, to) =>
      client(place, async (one) => {
        for (const name of SERVICES) {
          const id = `lpad(to_hex(i / 65536 + 26000000), 8, '0') || '-'
            || lpad(to_hex(i % 65536), 4, '0') || '-8' || substr(gen_random_uuid()::text, 16)`;
          const series = `generate_series(${from}, ${to - 1}) AS i`;
          await one.query(`INSERT INTO "${name}".inbox (born, reaction, source, id, type, saga_id,
              causation_id, disposition, effect, emitted, at)
            SELECT born, reaction, source, ${id}, type, 'f-' || lpad(to_hex(i), 7, '0'),
              causation_id, disposition, effect, emitted, at
            FROM ${series}, (SELECT * FROM "${name}".inbox ORDER BY seq LIMIT 1) AS t`);
          await one.query(`INSERT INTO "${name}".saga (saga_id, born, last, marks)
            SELECT 'f-' || lpad(to_hex(i), 7, '0'), born, last, marks
            FROM ${series}, (SELECT * FROM "${name}".saga LIMIT 1) AS t`);
        }
        await one.query("VACUUM ANALYZE");
        await one.query("CHECKPOINT");
      }),
    left: (place) =>
      client(place, async (one) => {
        await one.query("SELECT pg_stat_force_next_flush()").catch(() => {});
        const { rows } = await one.query<{ outbox: string; dead: string; kib: string }>(
          SERVICES.map(
            (name) => `SELECT (SELECT count(*) FROM "${name}".outbox) AS outbox,
              pg_total_relation_size('"${name}".outbox') / 1024 AS kib,
              (SELECT n_dead_tup FROM pg_stat_user_tables
                WHERE schemaname = '${name}' AND relname = 'outbox') AS dead`,
          ).join(" UNION ALL "),
        );
        const list = (key: "outbox" | "dead" | "kib") => rows.map((row) => row[key]).join(", ");
        return `outbox ${list("outbox")} rows, ${list("dead")} dead, ${list("kib")} KiB`;
      }),
    purge: (place) =>
      purged(postgres({ connectionString: place.servers.postgres, schema: "payment" })),
  };
}

async function purged(store: ReturnType<typeof sqlite> | ReturnType<typeof postgres>) {
  // As if a long time had passed.
  const ahead = 1;
  await store.open({
    service: "payment",
    owner: "growth",
    leaseMs: 60_000,
    now: () => Date.now() + ahead,
  });
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
  const ms = performance.now() - start;
  await store.close();
  return { rows, longestMs, ms };
}

/** A saga's, with its share of the servers'. */
function totalCpu({ cpuMs, serversCpuMs }: Throughput): number {
  return cpuMs + serversCpuMs;
}

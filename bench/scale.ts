import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import pg from "pg";
import { orderIdOf, SERVICES } from "./harness/contestant.ts";
import { withDatabase } from "./harness/database.ts";
import { tableHead, tableRow } from "./harness/markdown.ts";
import { processorTime } from "./harness/processor-time.ts";
import { startServers } from "./harness/servers.ts";
import { median } from "./harness/statistics.ts";
import type { Said, Share } from "./scale/process.ts";

const HELP = `Runs the order saga in 1, 2 and 4 processes that compete for the same
deliveries, and in two cells: two processes, each with databases of its own, to which sagas are
divided by their id. Looks at what more processes cost, and at whether each order is there exactly
once at each step.

  npm run bench:scale                    3 rounds, about 5 minutes
  npm run bench:scale -- --sagas 1000 --rounds 1
`;

const { values } = parseArgs({
  options: {
    sagas: { type: "string", default: "6000" },
    rounds: { type: "string", default: "3" },
    warm: { type: "string", default: "2000" },
    counts: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const [sagas, rounds, warm] = [Number(values.sagas), Number(values.rounds), Number(values.warm)];
/** A process that has started beside others writes deliveries down first, for two leases. */
const CAREFUL_MS = 5_000;
const CONTESTANTS = [
  "Odori, Postgres as the bus too",
  "Odori, Postgres + NATS",
  "Odori, Postgres + NATS, in batches",
];
const SHAPES = [
  { what: "1 process", processes: 1, cells: 1 },
  { what: "2 processes", processes: 2, cells: 1 },
  { what: "4 processes", processes: 4, cells: 1 },
  { what: "2 cells of 1 process", processes: 2, cells: 2 },
] as const;
/** Cells share no subject, and the bench has one stream: they are tried with Postgres alone. */
const IN_CELLS = CONTESTANTS.slice(0, 1);
const PROGRAM = fileURLToPath(new URL("scale/process.ts", import.meta.url));

interface Figures {
  readonly perSecond: number;
  readonly servicesMs: number;
  readonly serversMs: number;
}

const { servers, stop } = await startServers(new Set(["postgres", "nats"]));
/** Orders so far: the broker may still have events of an earlier run. */
let begun = 0;
const results = new Map<string, Figures[]>();
try {
  for (let round = 1; round <= rounds; round++)
    for (const contestant of CONTESTANTS)
      for (const { what, processes, cells } of SHAPES) {
        if (cells > 1 && !IN_CELLS.includes(contestant)) continue;
        const databases: string[] = [];
        const within = async (): Promise<Figures> =>
          databases.length < cells
            ? withDatabase(servers.postgres, (url) => {
                databases.push(url);
                return within();
              })
            : runIn(contestant, databases, processes);
        const name = `${contestant.replace("Odori, ", "")}: ${what}`;
        const figures = await within();
        results.set(name, [...(results.get(name) ?? []), figures]);
        process.stderr.write(
          `round ${round}/${rounds}  ${name}: ${figures.perSecond.toFixed(0)}/s\n`,
        );
      }
} finally {
  await stop();
}
process.stdout.write(
  `Node ${process.version}, ${rounds} rounds of ${sagas} sagas, medians\n\n` +
    tableHead(["", "sagas/s", "CPU ms a saga: services", "servers", "of one process"]),
);
let alone = 0;
for (const [name, all] of results) {
  const of = (key: keyof Figures) => median(all.map((one) => one[key]));
  const [services, database] = [of("servicesMs"), of("serversMs")];
  if (name.endsWith(": 1 process")) alone = services + database;
  const ratio = ((services + database) / alone).toFixed(2);
  const cells = [of("perSecond").toFixed(0), services.toFixed(3), database.toFixed(3), ratio];
  process.stdout.write(tableRow([name, ...cells]));
}

/** Runs the processes to their end; process n uses database n, or shares it. */
async function runIn(
  contestant: string,
  databases: readonly string[],
  processes: number,
): Promise<Figures> {
  const each = Math.ceil(sagas / processes);
  const first = begun;
  begun += (each + warm) * processes;
  const children = Array.from({ length: processes }, (_, i) => {
    const postgres = databases[i % databases.length] ?? "";
    const own = { first: first + i * (each + warm), warm, sagas: each };
    const { counts } = values;
    const share: Share = { contestant, servers: { ...servers, postgres }, ...own, counts };
    return fork(PROGRAM, [JSON.stringify(share)], { execArgv: process.execArgv });
  });
  await Promise.all(children.map(said));
  for (const child of children) child.send("warm");
  await untilAllIn(databases, warm * processes);
  await new Promise((resolve) => setTimeout(resolve, CAREFUL_MS));
  const before = processorTime();
  const began = performance.now();
  for (const child of children) child.send("begin");
  await untilAllIn(databases, (each + warm) * processes);
  const ms = performance.now() - began;
  const spent = processorTime().servers - before.servers;
  await verify(databases, first, (each + warm) * processes);
  const all = each * processes;
  const done = new Map<string, number>();
  const used = await Promise.all(
    children.map(async (child) => {
      child.send("end");
      const last = await said(child);
      if (!("cpuMs" in last)) return 0;
      for (const [name, count] of Object.entries(last.counts))
        done.set(name, (done.get(name) ?? 0) + count);
      return last.cpuMs;
    }),
  );
  if (values.counts)
    for (const [name, count] of [...done].filter(([, count]) => count > 0).toSorted())
      process.stderr.write(`  ${name.padEnd(40)} ${(count / all).toFixed(4)} a saga\n`);
  const services = used.reduce((sum, one) => sum + one, 0);
  return {
    perSecond: all / (ms / 1_000),
    servicesMs: services / all,
    serversMs: Math.max(0, spent - services) / all,
  };
}

function said(child: ChildProcess): Promise<Said> {
  return new Promise((resolve, reject) => {
    child.once("message", (what: Said) => resolve(what));
    child.once("exit", (status) => reject(new Error(`a process ended with ${status}`)));
  });
}

async function countIn(databases: readonly string[], query: string): Promise<readonly string[]> {
  const found = await Promise.all(
    databases.map(async (url) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query<{ order_id: string }>(query)).rows;
      } finally {
        await client.end();
      }
    }),
  );
  return found.flat().map(({ order_id }) => order_id);
}

async function untilAllIn(databases: readonly string[], count: number): Promise<void> {
  for (;;) {
    const query = "SELECT count(*)::text AS order_id FROM shipping.work";
    const counts = await countIn(databases, query);
    if (counts.reduce((sum, one) => sum + Number(one), 0) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Throws unless each order is there exactly once at each step. */
async function verify(databases: readonly string[], first: number, count: number): Promise<void> {
  const expected = Array.from({ length: count }, (_, i) => orderIdOf(first + i));
  for (const service of SERVICES) {
    const rows = await countIn(databases, `SELECT order_id FROM ${service}.work`);
    const found = new Set(rows);
    const missing = expected.filter((orderId) => !found.has(orderId)).length;
    if (rows.length !== count || missing > 0)
      throw new Error(`${service} has ${rows.length} rows instead of ${count}; ${missing} missing`);
  }
}

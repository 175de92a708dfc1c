import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { ServerName } from "./harness/contestant.ts";
import { withDatabase } from "./harness/database.ts";
import { ENTRIES, type Entry } from "./harness/entries.ts";
import type { Order, Result } from "./harness/round.ts";
import { startServers } from "./harness/servers.ts";
import { summaryOf, tableOf } from "./harness/table.ts";

const HELP = `Runs the order saga (four steps, four databases, one business row each) with Odori,
with hand-made code that does the least, and with other tools. They take turns on the same servers,
each round in a process of its own. A run counts only if each order is there exactly once at each
step, and if others used at most a tenth of a core meanwhile; else it is made again, twice at most.
Compare ratios within one run; absolute figures move with the machine.

  npm run bench                         3 rounds of everyone, about 45 minutes
  npm run bench -- --quick              a look at Odori and the hand-made ones in about a minute
  npm run bench -- --only Postgres      whose name contains it; may be repeated
  npm run bench -- --rounds 5 --json figures.json
  npm run bench -- --busy               counts rounds on a busy machine too: not for publishing
`;

/** Cores of others above which a round says nothing. */
const FOREIGN_CORES_MAX = 0.1;
/** How often a contestant's round is made, until the machine is quiet. */
const TRIES_MAX = 3;
/** A p99 of 500 a second needs this long not to be chance. */
const PACED_SECONDS = 30;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string" },
    json: { type: "string" },
    busy: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
if (!Number.isSafeInteger(rounds) || rounds < 1)
  fail(`--rounds is ${JSON.stringify(values.rounds)}: a whole number from 1`);
const chosen = ENTRIES.filter(({ name, kind }) =>
  values.only.length === 0
    ? !(values.quick && kind === "peer")
    : values.only.some((part) => name.includes(part)),
);
if (chosen.length === 0)
  fail(`unknown contestant; there are:\n${ENTRIES.map(({ name }) => `  ${name}`).join("\n")}`);

if (chosen.some(({ kind }) => kind === "peer")) installPeers();
const { servers, stop } = await startServers(
  new Set<ServerName>(chosen.flatMap(({ needs }) => needs)),
);
const results = new Map<Entry, Result[]>();
try {
  for (let round = 1; round <= rounds; round++) {
    for (const entry of chosen) {
      const missing = entry.needs.find((name) => servers[name] === "");
      if (missing !== undefined) {
        process.stderr.write(`${entry.name}: left out, ${missing} is missing\n`);
        continue;
      }
      const { name, kind, sagas } = entry;
      // Peers without a bulk call are measured with many sagas in flight.
      const bulkSagas = kind === "peer" ? 1_000 : sagas;
      const whole = { sagas, bulkSagas, latencySagas: 300, pacedSeconds: PACED_SECONDS };
      const size = values.quick
        ? { sagas: sagas / 5, bulkSagas: bulkSagas / 5, latencySagas: 50, pacedSeconds: 0 }
        : whole;
      const runIn = (postgres: string) =>
        runRound({ name, servers: { ...servers, postgres }, ...size });
      const runOnce = () =>
        servers.postgres === "" ? runIn("") : withDatabase(servers.postgres, runIn);
      const result = values.busy ? await runOnce() : await whenQuiet(name, runOnce);
      if (result === undefined) continue;
      results.set(entry, [...(results.get(entry) ?? []), result]);
      const { oneByOne, inBulk, latency } = result;
      const [single, bulk] = [oneByOne, inBulk].map((way) => Math.round(way.sagasPerSecond));
      const shown = `${single} one by one, ${bulk} in bulk`;
      process.stderr.write(
        `round ${round}/${rounds}  ${name}: ${shown}, p50 ${latency?.p50.toFixed(2)} ms\n`,
      );
    }
  }
} finally {
  await stop();
}
const machine = { node: process.version, cores: cpus().length, rounds, sagasBegunInBulk: 2_000 };
const summary = summaryOf(results);
process.stdout.write(tableOf(machine, summary));
if (values.json !== undefined)
  writeFileSync(
    values.json,
    `${JSON.stringify({ machine, contestants: summary }, undefined, 2)}\n`,
  );

/** Runs until others leave the machine alone. Returns undefined where they never do. */
async function whenQuiet(
  name: string,
  run: () => Promise<Result | undefined>,
): Promise<Result | undefined> {
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const result = await run();
    const ways = result === undefined ? [] : [result.oneByOne, result.inBulk];
    const foreign = Math.max(0, ...ways.map(({ foreignCores = 0 }) => foreignCores));
    if (foreign <= FOREIGN_CORES_MAX) return result;
    process.stderr.write(
      `${name}: this round does not count, others used ${foreign.toFixed(2)} cores ` +
        `(${tries} of ${TRIES_MAX} tries)\n`,
    );
  }
  process.exitCode = 1;
  return undefined;
}

/** Returns undefined if it failed or its rows were wrong: then the round does not count. */
function runRound(order: Order): Promise<Result | undefined> {
  const program = fileURLToPath(new URL("harness/round.ts", import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => {
    child.once("exit", (code) => {
      const line = output.trim().split("\n").at(-1) ?? "";
      if (code === 0 && line !== "") resolve(JSON.parse(line));
      else {
        process.stderr.write(`${order.name}: this round does not count, it ended with ${code}\n`);
        process.exitCode = 1;
        resolve(undefined);
      }
    });
  });
}

/** Their packages are in a folder of their own, and fetched when they are first wanted. */
function installPeers(): void {
  const script = fileURLToPath(new URL("../scripts/install.mjs", import.meta.url));
  if (
    spawnSync(process.execPath, [script, "bench/peers"], { stdio: ["ignore", 2, 2] }).status !== 0
  )
    process.exit(2);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

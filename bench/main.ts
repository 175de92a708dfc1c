import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { ServerName } from "./harness/contestant.ts";
import { withDatabase } from "./harness/database.ts";
import { ENTRIES } from "./harness/entries.ts";
import { Kept } from "./harness/kept.ts";
import type { Order, Result } from "./harness/round.ts";
import { howToGet, startServers } from "./harness/servers.ts";
import { sizeOf, stockFor } from "./harness/sizes.ts";
import { summaryOf, tableOf } from "./harness/table.ts";

const HELP = `Runs the order saga (four steps, four databases, one business row each) with Odori,
with hand-made code that does the least, and with other tools. They take turns on the same servers,
each round in a process of its own. A run counts only if each order is there exactly once at each
step, if no piece of a stock was sold twice, and if others used at most a tenth of a core meanwhile;
else it is made again, twice at most. Compare ratios within one run; absolute figures move with the
machine.

  npm run bench                         3 rounds of everyone, about two hours
  npm run bench -- --kept run.jsonl --minutes 50    as many rounds as begin within 50 minutes; the
                                        same command goes on with those that the file lacks
  npm run bench -- --quick              a look at Odori and the hand-made ones in about two minutes
  npm run bench -- --only Postgres      whose name is or else contains it; may be repeated
  npm run bench -- --list               the names
  npm run bench -- --rounds 5 --json figures.json
  npm run bench -- --busy               counts rounds on a busy machine too: not for publishing
  npm run bench -- --busy --sagas 200   whether all of them run: says nothing about speed
`;

/** Cores of others above which a round says nothing. */
const FOREIGN_CORES_MAX = 0.1;
/** How often a contestant's round is made, until the machine is quiet. */
const TRIES_MAX = 3;
/** A round that takes longer hangs: the slowest contestants take some five minutes. */
const ROUND_LIMIT_MS = 1_200_000;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string" },
    sagas: { type: "string" },
    kept: { type: "string" },
    minutes: { type: "string" },
    json: { type: "string" },
    busy: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help || values.list) {
  process.stdout.write(values.help ? HELP : ENTRIES.map(({ name }) => `${name}\n`).join(""));
  process.exit(0);
}
const rounds = wholeNumber("rounds") ?? (values.quick ? 1 : 3);
const smaller = { quick: values.quick, sagas: wholeNumber("sagas") };
const minutes = wholeNumber("minutes") ?? Number.POSITIVE_INFINITY;
const chosen = ENTRIES.filter(({ name, kind }) =>
  values.only.length === 0
    ? !(values.quick && kind === "peer")
    : values.only.some((part) => called(part, name)),
);
if (chosen.length === 0)
  fail(`unknown contestant; there are:\n${ENTRIES.map(({ name }) => `  ${name}`).join("\n")}`);

const kept = new Kept(values.kept);
const until = performance.now() + minutes * 60_000;
const left = Array.from({ length: rounds }, (_, n) => n + 1).flatMap((round) =>
  chosen
    .filter((entry) => !kept.has(round, entry, sizeOf(entry, smaller).bulkSagas))
    .map((entry) => ({ round, entry })),
);
if (left.some(({ entry }) => entry.kind === "peer")) installPeers();
const { servers, stop } = await startServers(
  new Set<ServerName>(left.flatMap(({ entry }) => entry.needs)),
);
try {
  for (const [at, { round, entry }] of left.entries()) {
    const missing = entry.needs.find((name) => servers[name] === "");
    if (missing !== undefined) {
      process.stderr.write(`${entry.name}: left out. For ${missing}: ${howToGet(missing)}\n`);
      continue;
    }
    if (performance.now() > until) {
      process.stderr.write(`${left.length - at} rounds are left for the same command.\n`);
      break;
    }
    const { name } = entry;
    const size = sizeOf(entry, smaller);
    const stock = entry.contended ? stockFor(size) : undefined;
    const runIn = (postgres: string) =>
      runRound({ name, servers: { ...servers, postgres }, ...size, stock });
    const runOnce = () =>
      servers.postgres === "" ? runIn("") : withDatabase(servers.postgres, runIn);
    const result = values.busy ? await runOnce() : await whenQuiet(name, runOnce);
    if (result === undefined) continue;
    kept.add(round, entry, size.bulkSagas, result);
    const { oneByOne, inBulk, latency } = result;
    const [single, bulk] = [oneByOne, inBulk].map((way) => Math.round(way.sagasPerSecond));
    const shown = `${single} one by one, ${bulk} in bulk`;
    const p50 = latency === undefined ? "" : `, p50 ${latency.p50.toFixed(2)} ms`;
    process.stderr.write(
      `${at + 1}/${left.length}  round ${round}/${rounds}  ${name}: ${shown}${p50}\n`,
    );
  }
} finally {
  await stop();
}
const machine = { node: process.version, cores: cpus().length, rounds };
const summary = summaryOf(kept.results(ENTRIES));
process.stdout.write(tableOf(machine, summary));
if (values.json !== undefined)
  writeFileSync(
    values.json,
    `${JSON.stringify({ machine, contestants: summary }, undefined, 2)}\n`,
  );

/** A name that is there means itself, and no longer one that contains it. */
function called(part: string, name: string): boolean {
  return ENTRIES.some((entry) => entry.name === part) ? name === part : name.includes(part);
}

function wholeNumber(option: "rounds" | "sagas" | "minutes"): number | undefined {
  const text = values[option];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    fail(`--${option} is ${JSON.stringify(text)}: a whole number from 1`);
  return value;
}

/** Runs until others leave the machine alone. Returns undefined where they never do. */
async function whenQuiet(
  name: string,
  run: () => Promise<Result | undefined>,
): Promise<Result | undefined> {
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const result = await run();
    const ways =
      result === undefined ? [] : [result.oneByOne, result.inBulk, result.latency, result.paced];
    const foreign = Math.max(0, ...ways.map((way) => way?.foreignCores ?? 0));
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
    timeout: ROUND_LIMIT_MS,
  });
  // The benchmark may be ended in the middle of a round.
  const end = () => child.kill();
  process.once("exit", end);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => {
    child.once("exit", (code) => {
      process.off("exit", end);
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

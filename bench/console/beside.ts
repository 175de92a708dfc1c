import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Contestant, Servers } from "../harness/contestant.ts";
import { Driver, type Latency } from "../harness/drive.ts";
import { median } from "../harness/statistics.ts";
import { odoriSqlite } from "../ours/embedded.ts";
import { odoriPostgres } from "../ours/servers.ts";
import type { Figure } from "./figure.ts";
import type { Followed } from "./follower.ts";

const PROGRAM = fileURLToPath(new URL("follower.ts", import.meta.url));
const COMPUTING = fileURLToPath(new URL("computing.ts", import.meta.url));
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
const PER_SECOND = 1_000;
const SLOWER_MOST = 0.03;
const LAG_MS = { SQLite: 300, Postgres: 1_000 } as const;

/** How much of each is run. */
export interface BesideSizes {
  /** Sagas of a round that compares throughput, and rounds of each kind. */
  readonly sagas: number;
  readonly rounds: number;
  /** Of each round at a given pace, and rounds of each kind. */
  readonly seconds: number;
  readonly pacedRounds: number;
  /** The core of the observer, and of what only computes; undefined: any. */
  readonly observerCore?: number;
}

function pin({ pid }: ChildProcess, core: number | undefined): void {
  if (core !== undefined) execFileSync("taskset", ["-acp", `${core}`, `${pid}`]);
}

/** An observer in a process of its own. */
async function following(
  folder: string,
  url: string,
  core: number | undefined,
): Promise<() => Promise<Followed>> {
  const child = fork(PROGRAM, [folder, url], { execArgv: FLAGS });
  pin(child, core);
  await once(child, "message");
  return async () => {
    const said = once(child, "message");
    child.send("stop");
    const [followed]: readonly Followed[] = await said;
    if (followed === undefined) throw new Error("the observer has not told what it saw");
    return followed;
  };
}

/** A process that only computes: what any other one costs that uses the same cores. */
async function computing(core: number | undefined): Promise<() => Promise<void>> {
  const child = fork(COMPUTING, { execArgv: FLAGS });
  pin(child, core);
  await once(child, "message");
  return async () => {
    const ended = once(child, "exit");
    child.disconnect();
    await ended;
  };
}

/** How far the observer lags behind busy services, and how much slower they are with it. */
export async function besideFigures(
  servers: Servers,
  sizes: BesideSizes,
): Promise<readonly Figure[]> {
  const sqlite = await besideOf("SQLite", odoriSqlite, servers, "", sizes);
  if (servers.postgres === "") return sqlite;
  return [
    ...sqlite,
    ...(await besideOf("Postgres", odoriPostgres, servers, servers.postgres, sizes)),
  ];
}

async function besideOf(
  what: keyof typeof LAG_MS,
  contestant: Contestant,
  servers: Servers,
  url: string,
  { sagas, rounds, seconds, pacedRounds, observerCore }: BesideSizes,
): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "odori-bench-beside-"));
  const driver = new Driver();
  const running = await contestant.open({ servers, folder, finished: driver.finished });
  driver.drive(running);
  try {
    // The first sagas are slower, with an observer or without.
    await driver.inBulk(sagas);
    const alone: number[] = [];
    const observed: number[] = [];
    const crowded: number[] = [];
    for (let round = 0; round < rounds; round++) {
      alone.push((await driver.inBulk(sagas)).sagasPerSecond);
      const stop = await following(folder, url, observerCore);
      observed.push((await driver.inBulk(sagas)).sagasPerSecond);
      await stop();
      const end = await computing(observerCore);
      crowded.push((await driver.inBulk(sagas)).sagasPerSecond);
      await end();
    }
    const pacedAlone: Latency[] = [];
    const pacedObserved: Latency[] = [];
    const followed: Followed[] = [];
    for (let round = 0; round < pacedRounds; round++) {
      pacedAlone.push(await driver.paced(PER_SECOND, seconds));
      const stop = await following(folder, url, observerCore);
      pacedObserved.push(await driver.paced(PER_SECOND, seconds));
      followed.push(await stop());
    }
    const pace = `${PER_SECOND.toLocaleString("en")} sagas a second`;
    const place = observerCore === undefined ? "beside them" : "on a core of its own";
    return [
      throughput(what, place, {
        alone: median(alone),
        beside: median(observed),
        crowded: median(crowded),
      }),
      latency(what, place, pace, pacedAlone, pacedObserved),
      lag(what, pace, followed),
    ];
  } finally {
    await running.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sagas a second: alone, beside an observer, and beside a process that only computes. */
interface Speeds {
  readonly alone: number;
  readonly beside: number;
  readonly crowded: number;
}

function throughput(what: string, place: string, { alone, beside, crowded }: Speeds): Figure {
  const slower = 1 - beside / alone;
  const speed = (n: number) => Math.round(n).toLocaleString("en");
  const percent = (share: number) => (share * 100).toFixed(1);
  return {
    name: `services on ${what}, as fast as they can, with an observer ${place}`,
    measured:
      `${percent(slower)} % slower: ${speed(beside)} sagas/s, ${speed(alone)} alone; ` +
      `${percent(1 - crowded / alone)} % beside a process that only computes`,
    ...{ goal: `${SLOWER_MOST * 100} %`, met: slower <= SLOWER_MOST },
  };
}

/** The same pace without an observer and with one: how long a saga takes, in the middle round. */
function latency(
  what: string,
  place: string,
  pace: string,
  alone: readonly Latency[],
  beside: readonly Latency[],
): Figure {
  const of = (rounds: readonly Latency[]) => ({
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
  });
  const [without, observed] = [of(alone), of(beside)];
  const text = ({ p50, p99 }: Pick<Latency, "p50" | "p99">) =>
    `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)}`;
  return {
    name: `services on ${what} at ${pace}, with an observer ${place}`,
    measured: `${text(observed)}; alone ${text(without)}`,
    goal: `p50 ${SLOWER_MOST * 100} %`,
    met: observed.p50 <= without.p50 * (1 + SLOWER_MOST),
  };
}

function lag(what: keyof typeof LAG_MS, pace: string, rounds: readonly Followed[]): Figure {
  const goalMs = LAG_MS[what];
  const p50Ms = median(rounds.map(({ p50Ms }) => p50Ms));
  const p99Ms = median(rounds.map(({ p99Ms }) => p99Ms));
  return {
    name: `lag at ${pace} on ${what}`,
    measured: `p50 ${p50Ms} ms, p99 ${p99Ms} ms`,
    ...{ goal: `p99 ${goalMs} ms`, met: p99Ms <= goalMs },
  };
}

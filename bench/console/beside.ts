import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Contestant, Servers } from "../harness/contestant.ts";
import { Driver } from "../harness/drive.ts";
import { median } from "../harness/statistics.ts";
import { odoriSqlite } from "../ours/embedded.ts";
import { odoriPostgres } from "../ours/servers.ts";
import type { Figure } from "./figure.ts";
import type { Followed } from "./follower.ts";

const PROGRAM = fileURLToPath(new URL("follower.ts", import.meta.url));
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
const PER_SECOND = 1_000;
const SLOWER_MOST = 0.03;
const LAG_MS = { SQLite: 300, Postgres: 1_000 } as const;

/** How much of each is run. */
export interface BesideSizes {
  /** Sagas of a round that compares throughput, and rounds of each kind. */
  readonly sagas: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** An observer in a process of its own. */
async function following(folder: string, url: string): Promise<() => Promise<Followed>> {
  const child = fork(PROGRAM, [folder, url], { execArgv: FLAGS });
  await once(child, "message");
  return async () => {
    const said = once(child, "message");
    child.send("stop");
    const [followed]: readonly Followed[] = await said;
    if (followed === undefined) throw new Error("the observer has not told what it saw");
    return followed;
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
  { sagas, rounds, seconds }: BesideSizes,
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
    for (let round = 0; round < rounds; round++) {
      alone.push((await driver.inBulk(sagas)).sagasPerSecond);
      const stop = await following(folder, url);
      observed.push((await driver.inBulk(sagas)).sagasPerSecond);
      await stop();
    }
    const stop = await following(folder, url);
    await driver.paced(PER_SECOND, seconds);
    const { p50Ms, p99Ms } = await stop();
    const [without, beside] = [median(alone), median(observed)];
    const slower = 1 - beside / without;
    const speed = (n: number) => Math.round(n).toLocaleString("en");
    const percent = (slower * 100).toFixed(1);
    const goalMs = LAG_MS[what];
    return [
      {
        name: `services on ${what} with an observer beside them`,
        measured: `${percent} % slower: ${speed(beside)} sagas/s, ${speed(without)} alone`,
        ...{ goal: `${SLOWER_MOST * 100} %`, met: slower <= SLOWER_MOST },
      },
      {
        name: `lag at ${PER_SECOND.toLocaleString("en")} sagas a second on ${what}`,
        measured: `p50 ${p50Ms} ms, p99 ${p99Ms} ms`,
        ...{ goal: `p99 ${goalMs} ms`, met: p99Ms <= goalMs },
      },
    ];
  } finally {
    await running.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

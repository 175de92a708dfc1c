import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contestant, Servers } from "../harness/contestant.ts";
import { Driver, type Latency, type Throughput } from "../harness/drive.ts";
import { median } from "../harness/statistics.ts";
import { odoriSqlite } from "../ours/embedded.ts";
import { odoriPostgres } from "../ours/servers.ts";
import type { Figure } from "./figure.ts";
import { type Rounds, takingTurns } from "./turns.ts";

const SLOWER_MOST = 0.03;
const LAG_MS = { SQLite: 300, Postgres: 1_000 } as const;

type StoreName = keyof typeof LAG_MS;

/** How much of each is run. */
export interface BesideSizes {
  /** Sagas of a round that compares throughput, and rounds of each kind. */
  readonly sagas: number;
  readonly rounds: number;
  /** Sagas a second of a round at a given pace, its length, and rounds of each kind. */
  readonly pace: number;
  readonly seconds: number;
  readonly pacedRounds: number;
  /** The core of the observer, and of what only computes; undefined: any. */
  readonly observerCore?: number;
}

/** How far the observer lags behind busy services, and how much slower they are with it. */
export async function besideFigures(
  servers: Servers,
  sizes: BesideSizes,
): Promise<readonly Figure[]> {
  const sqlite = await besideOf("SQLite", odoriSqlite, servers, sizes);
  if (servers.postgres === "") return sqlite;
  return [...sqlite, ...(await besideOf("Postgres", odoriPostgres, servers, sizes))];
}

async function besideOf(
  store: StoreName,
  contestant: Contestant,
  servers: Servers,
  { sagas, rounds, pace, seconds, pacedRounds, observerCore }: BesideSizes,
): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "odori-bench-beside-"));
  const url = store === "Postgres" ? servers.postgres : "";
  const place = { folder, url, core: observerCore };
  const driver = new Driver();
  const running = await contestant.open({ servers, folder, finished: driver.finished });
  driver.drive(running);
  try {
    // The first sagas are slower, with an observer or without.
    await driver.inBulk(sagas);
    const bulk = await takingTurns(rounds, place, sagas, () => driver.inBulk(sagas));
    const paced = await takingTurns(pacedRounds, place, pace * seconds, () =>
      driver.paced(pace, seconds),
    );
    const where = observerCore === undefined ? "beside them" : "on a core of its own";
    const speed = `${pace.toLocaleString("en")} sagas a second`;
    return [
      throughput(`services on ${store}, as fast as they can, with an observer ${where}`, bulk),
      latency(`services on ${store} at ${speed}, with an observer ${where}`, paced),
      lag(`lag at ${speed} on ${store}`, LAG_MS[store], paced),
      ...(url === "" ? [] : [served(speed, bulk, paced)]),
    ];
  } finally {
    await running.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const percent = (share: number) => (share * 100).toFixed(1);

function throughput(name: string, { alone, beside, crowded }: Rounds<Throughput>): Figure {
  const of = (rounds: typeof alone) => median(rounds.map(({ result }) => result.sagasPerSecond));
  const slower = 1 - of(beside) / of(alone);
  const speed = (n: number) => Math.round(n).toLocaleString("en");
  return {
    name,
    measured:
      `${percent(slower)} % slower: ${speed(of(beside))} sagas/s, ${speed(of(alone))} alone; ` +
      `${percent(1 - of(crowded) / of(alone))} % beside a process that only computes`,
    ...{ goal: `${SLOWER_MOST * 100} %`, met: slower <= SLOWER_MOST },
  };
}

/** How long a saga takes, in the middle round. */
function latency(name: string, { alone, beside, crowded }: Rounds<Latency>): Figure {
  const p50 = (rounds: typeof alone) => median(rounds.map(({ result }) => result.p50));
  const p99 = (rounds: typeof alone) => median(rounds.map(({ result }) => result.p99));
  const text = (rounds: typeof alone) =>
    `p50 ${p50(rounds).toFixed(1)} ms, p99 ${p99(rounds).toFixed(1)}`;
  return {
    name,
    measured:
      `${text(beside)}; alone ${text(alone)}; ` +
      `beside a process that only computes ${text(crowded)}`,
    goal: `p50 ${SLOWER_MOST * 100} %`,
    met: p50(beside) <= p50(alone) * (1 + SLOWER_MOST),
  };
}

function lag(name: string, goalMs: number, { beside }: Rounds<Latency>): Figure {
  const p50Ms = median(beside.map(({ lagP50Ms }) => lagP50Ms));
  const p99Ms = median(beside.map(({ lagP99Ms }) => lagP99Ms));
  const ownUs = median(beside.map((round) => round.ownUs));
  return {
    name,
    measured:
      `p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms; ` +
      `${ownUs.toFixed(0)} µs of the observer's own CPU a saga`,
    ...{ goal: `p99 ${goalMs} ms`, met: p99Ms <= goalMs },
  };
}

/** What services lose to an observer on another machine. */
function served(speed: string, bulk: Rounds<unknown>, paced: Rounds<unknown>): Figure {
  const of = ({ alone, beside }: Rounds<unknown>) => ({
    us: median(beside.map(({ servedUs }) => servedUs)),
    ofUs: median(alone.map(({ cpuUs }) => cpuUs)),
  });
  const text = ({ us, ofUs }: ReturnType<typeof of>) =>
    `${percent(us / ofUs)} %, ${us.toFixed(0)} µs of ${ofUs.toFixed(0)} that a saga costs`;
  const [most, some] = [of(bulk), of(paced)];
  return {
    name: "work of the server of Postgres for an observer, of the CPU of services and server",
    measured: `as fast as they can ${text(most)}; at ${speed} ${text(some)}`,
    goal: `${SLOWER_MOST * 100} %`,
    met: [most, some].every(({ us, ofUs }) => us <= ofUs * SLOWER_MOST),
  };
}

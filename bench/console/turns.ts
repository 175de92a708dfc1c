import { processorTime } from "../harness/processor-time.ts";
import { computing, type NeighbourPlace, observing } from "./neighbours.ts";

/** One round of services. */
export interface Round<Result> {
  readonly result: Result;
  /** Processor time of services, their server, and all beside them, for a saga in microseconds. */
  readonly cpuUs: number;
}

/** A round beside an observer. */
export interface ObservedRound<Result> extends Round<Result> {
  /** Work of the server of Postgres for the observer, and its own: a saga, in microseconds. */
  readonly servedUs: number;
  readonly ownUs: number;
  /** How old rows were when the observer had them. */
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
}

/** Rounds of services alone, beside an observer, and beside a process that only computes. */
export interface Rounds<Result> {
  readonly alone: Round<Result>[];
  readonly beside: ObservedRound<Result>[];
  readonly crowded: Round<Result>[];
}

/** Runs rounds of each kind in turn. Each kind begins as often: tables grow meanwhile. */
export async function takingTurns<Result>(
  count: number,
  place: NeighbourPlace,
  sagas: number,
  run: () => Promise<Result>,
): Promise<Rounds<Result>> {
  const rounds: Rounds<Result> = { alone: [], beside: [], crowded: [] };
  const turns = [
    async () => rounds.alone.push(await timed(sagas, run)),
    async () => rounds.beside.push(await observed(place, sagas, run)),
    async () => {
      const end = await computing(place);
      rounds.crowded.push(await timed(sagas, run));
      await end();
    },
  ];
  for (let round = 0; round < count; round++)
    for (let turn = 0; turn < turns.length; turn++) await turns[(round + turn) % turns.length]?.();
  return rounds;
}

async function observed<Result>(
  place: NeighbourPlace,
  sagas: number,
  run: () => Promise<Result>,
): Promise<ObservedRound<Result>> {
  const observer = await observing(place);
  const before = await observer.servedMs();
  const round = await timed(sagas, run);
  const servedMs = (await observer.servedMs()) - before;
  const { cpuMs, p50Ms, p99Ms } = await observer.end();
  const each = (ms: number) => (ms * 1_000) / sagas;
  return {
    ...round,
    ...{ servedUs: each(servedMs), ownUs: each(cpuMs), lagP50Ms: p50Ms, lagP99Ms: p99Ms },
  };
}

async function timed<Result>(sagas: number, run: () => Promise<Result>): Promise<Round<Result>> {
  const before = processorTime();
  const result = await run();
  const after = processorTime();
  const ms = after.own - before.own + after.servers - before.servers;
  return { result, cpuUs: (ms * 1_000) / sagas };
}

import { AsyncLocalStorage } from "node:async_hooks";
import { Mutex } from "../adapter/mutex.ts";
import type { Sql as PostgresSql } from "../adapters/postgres/native.ts";
import type { Sql } from "../adapters/sqlite/sql.ts";
import type { Choreography } from "../choreography/choreography.ts";
import { OdoriError } from "../contract/errors.ts";
import { AcceptedFindings } from "./accepted.ts";
import type { Course } from "./decisions.ts";
import { explained } from "./explain.ts";
import type { SimulationFinding } from "./findings.ts";
import { FirstRun } from "./first-run.ts";
import { neverHappened } from "./never.ts";
import type { DatabaseOptions, PgliteOptions, SimulationOptions, StoreOptions } from "./options.ts";
import { type RunResult, SimulatedRun } from "./run.ts";
import { notTaken, readSchedule, requireTaken } from "./schedule-text.ts";
import { type FoundRun, realNow, search } from "./search.ts";
import { checkSearch, type SearchOptions } from "./search-options.ts";
import { shrink } from "./shrink.ts";
import { type Simulation, simulation } from "./simulation.ts";
import { SimulationError, wrongRun } from "./simulation-error.ts";
import type { Stage } from "./stage.ts";
import { type LeftOut, type SystematicRuns, systematic } from "./systematic.ts";
import { type Leak, Tripwires } from "./tripwire.ts";

/** What a simulation without a finding has seen. */
export interface SimulationReport {
  readonly runs: number;
  /** How many states of the checker's model were reached; see `foreseen`. */
  readonly states: number;
  /** How many states the model has; undefined if there are too many. */
  readonly foreseen: number | undefined;
  /** Calls of handlers that take time or chance past their context. */
  readonly leaks: readonly Leak[];
  /** Those of `schedules` that no longer apply: a decision of theirs is not taken any more. */
  readonly outdated: readonly string[];
  /**
   * Why a systematic search has not made every run: `time`, as `minutes` were over, or `ways`: of
   * a decision with more than 16, the first 16 were tried. Undefined if it has made every run.
   */
  readonly leftOut?: LeftOut | undefined;
  /** In how many runs each code was found that `accepts` accepts. */
  readonly accepted: Readonly<Record<string, number>>;
}

type Counts = Omit<SimulationReport, "leaks">;

const SEEDS = 1_000;
const MINUTE_MS = 60_000;
/** More runs than a systematic search can make. */
const RUNS_MAX = 10_000_000;

/** Each replaces the clock and the chance of the whole process: one after the other. */
const turns = new Mutex();
/** Says that a simulation runs this: what it waits for cannot be the next turn. */
const within = new AsyncLocalStorage<true>();

/**
 * Runs the services of a choreography many times: the real runtime and the real handlers, with
 * crashes, duplicates, messages in any order, and time that passes at any moment. Rejects with a
 * `SimulationError` whose message is the shortest run that was found to go wrong.
 *
 * @example
 * ```ts
 * import { simulate } from "odori/simulate";
 * import order from "./choreography.ts";
 * import { orderPlaced } from "./contracts.ts";
 * import { order as shop } from "./services.ts";
 *
 * const { runs } = await simulate(order, {
 *   given: ({ begin }) => begin(shop, "o-1", () => orderPlaced({ orderId: "o-1", amount: 100 })),
 *   seeds: 200,
 * });
 * console.log(runs);
 * ```
 */
export function simulate(
  choreography: Choreography<Sql>,
  options: SimulationOptions<Sql> & StoreOptions & SearchOptions,
): Promise<SimulationReport>;
export function simulate(
  choreography: Choreography<PostgresSql>,
  options: SimulationOptions<PostgresSql> & PgliteOptions & SearchOptions,
): Promise<SimulationReport>;
export function simulate<Native>(
  choreography: Choreography<Native>,
  options: SimulationOptions<Native> & DatabaseOptions<Native> & SearchOptions,
): Promise<SimulationReport>;
export async function simulate(
  choreography: Choreography<Sql>,
  options: SimulationOptions<Sql> & SearchOptions,
): Promise<SimulationReport> {
  checkSearch(options);
  const simulated = simulation(choreography, options);
  if (within.getStore() !== undefined)
    throw new OdoriError("OPTION_INVALID", "`simulate` is called within a simulation.", {
      hint: "A process has one clock: simulate one choreography, and then the other one.",
    });
  return turns.run(() => within.run(true, () => simulateAlone(simulated, options)));
}

async function simulateAlone<Native>(
  simulated: Simulation<Native>,
  options: SearchOptions,
): Promise<SimulationReport> {
  const stage = await simulated.prepare();
  using tripwires = new Tripwires();
  try {
    return { ...(await searchAll(stage, options)), leaks: tripwires.leaks };
  } finally {
    await stage.close();
  }
}

async function searchAll<Native>(stage: Stage<Native>, options: SearchOptions): Promise<Counts> {
  const { replay, schedules = [] } = options;
  let runs = 0;
  const accepted = new AcceptedFindings();
  const outdated: string[] = [];
  for (const text of replay === undefined ? schedules : [replay]) {
    const schedule = readSchedule(text);
    const result = await new SimulatedRun(stage, { schedule }).play();
    runs++;
    accepted.note(result);
    if (result.findings.length > 0)
      throw await failed(stage, result, { seed: undefined, runs, result });
    if (replay !== undefined) requireTaken(schedule, result.taken);
    if (notTaken(schedule, result.taken).length > 0) outdated.push(text);
  }
  if (replay !== undefined)
    return { ...reportOf(stage, runs), outdated, accepted: accepted.counts };
  const first = new FirstRun(stage);
  const found = await searched(stage, options, (course, result) => {
    first.note(course, result);
    accepted.note(result);
  });
  // Where it does, neither the runs that were right nor the one that was not mean much.
  const changed = await first.repeat();
  if (changed !== undefined && !("result" in found && found.runs === 1))
    throw unrepeatable(changed);
  if ("result" in found)
    throw await failed(stage, (await shrink(stage, found.result, found.seed)).result, found);
  // Few departures do not lead everywhere.
  const never = options.systematic === undefined ? neverHappened(stage) : [];
  if (never.length > 0) throw neverSeen(never, found.runs);
  const { leftOut } = found;
  return {
    ...{ ...reportOf(stage, runs + found.runs), outdated, accepted: accepted.counts },
    ...(leftOut !== undefined && { leftOut }),
  };
}

function searched<Native>(
  stage: Stage<Native>,
  options: SearchOptions,
  note: (course: Course, result: RunResult) => void,
): Promise<FoundRun | (Pick<FoundRun, "runs"> & Partial<SystematicRuns>)> {
  const { minutes, seed = 1 } = options;
  const until = minutes === undefined ? undefined : realNow() + minutes * MINUTE_MS;
  const { systematic: departures } = options;
  if (departures !== undefined) {
    const onRun = (result: RunResult) => note({ schedule: [] }, result);
    return systematic(stage, { departures, runs: RUNS_MAX, until, onRun });
  }
  const seeds = options.seeds ?? (minutes === undefined ? SEEDS : RUNS_MAX);
  const onRun = (result: RunResult) => note({ seed }, result);
  return search(stage, { from: seed, seeds, until, onRun });
}

async function failed<Native>(
  stage: Stage<Native>,
  shortest: RunResult,
  { seed, runs, result: before }: FoundRun,
): Promise<SimulationError> {
  const result = await explained(stage, shortest);
  const repeat = (schedule: string) => `replay: ${JSON.stringify(schedule)}`;
  return wrongRun(result, { seed, runs, departures: before.taken.length, repeat });
}

function neverSeen(never: readonly SimulationFinding[], runs: number): SimulationError {
  const lines = never.map(({ message }) => `✗ NEVER  ${message}`);
  const hint =
    `  ${runs} runs. Let \`given\` bring it about, make more runs, or accept it with a reason: ` +
    "accepts.";
  return new SimulationError(never, "", `\n${lines.join("\n")}\n\n${hint}\n`);
}

function unrepeatable(finding: SimulationFinding): SimulationError {
  return new SimulationError([finding], "", `\n✗ ${finding.code}  ${finding.message}\n`);
}

function reportOf<Native>(
  stage: Stage<Native>,
  runs: number,
): Pick<Counts, "runs" | "states" | "foreseen"> {
  return {
    runs,
    states: stage.reached.states.size,
    foreseen: stage.map.foresee()?.states.size,
  };
}

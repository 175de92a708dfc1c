import { messageOf } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import type { SimulationFinding } from "../../simulate/findings.ts";
import type { StoreName } from "../../simulate/options.ts";
import type { RecordedStep } from "../../simulate/record.ts";
import { readRecording } from "../../simulate/record.ts";
import type { RunResult } from "../../simulate/run.ts";
import {
  notTaken,
  readSchedule,
  requireTaken,
  scheduleText,
} from "../../simulate/schedule-text.ts";
import type { FoundRun } from "../../simulate/search.ts";
import { notReproduced } from "../../simulate/shrink.ts";
import type { LeftOut } from "../../simulate/systematic.ts";
import type { Leak } from "../../simulate/tripwire.ts";
import { readText } from "../files.ts";
import { warn } from "../output.ts";
import { HaltedThread, InterruptedRuns } from "./halted-thread.ts";
import { type KeptSchedule, keepSchedule, keptFileOf, readSchedules } from "./kept.ts";
import type { SimulationThread } from "./simulation-thread.ts";
import type { ThreadSubject } from "./thread-program.ts";
import { type SimulationThreads, searchInThreads } from "./threads.ts";

/** Which runs the command makes. */
export interface SessionOptions {
  readonly module: string;
  readonly store: StoreName | undefined;
  readonly seeds: number;
  readonly seed: number;
  readonly minutes: number | undefined;
  readonly systematic: number | undefined;
  readonly replay: string | undefined;
  readonly workers: number;
  readonly schedules: string | undefined;
}

/** A run that goes wrong, as it is told. */
export interface WrongRun {
  readonly findings: readonly SimulationFinding[];
  /** The run to draw; undefined if it has not come to an end. */
  readonly result: RunResult | undefined;
  /** The seed that drew it. */
  readonly seed: number | undefined;
  /** How many departures it had before it was shrunk. */
  readonly departures: number;
  /** Where services had their data, if not where the simulation says. */
  readonly store: StoreName | undefined;
  /** Repeats it: empty for the calm run, undefined if it goes otherwise in a fresh thread. */
  readonly schedule: string | undefined;
}

/** What the runs have come to. */
export interface SimulationVerdict extends ThreadSubject {
  /** In how many runs each code was found that is accepted. */
  readonly accepted: ReadonlyMap<string, number>;
  readonly runs: number;
  /** How many schedules that failed before are right now. */
  readonly kept: number;
  /** Those of them that no longer apply: a decision of theirs is not taken any more. */
  readonly outdated: readonly string[];
  /** The shortest run that goes wrong. */
  readonly wrong: WrongRun | undefined;
  readonly never: readonly SimulationFinding[];
  readonly leaks: readonly Leak[];
  /** States of the model that were reached, and how many there are. */
  readonly states: number;
  readonly foreseen: number | undefined;
  /** The step that a recorded saga could not be followed to, from 0. */
  readonly lostAt: number | undefined;
  /** The file that has the schedule, also if it was there before. */
  readonly keptIn: string | undefined;
  /** Why a systematic search has not made every run; undefined if it has, and of any other. */
  readonly leftOut: LeftOut | undefined;
  /** Whether the user has ended the runs early. */
  readonly interrupted: boolean;
}

const MINUTE_MS = 60_000;

/** What is not told of it is as if nothing had happened. */
type Ending = Partial<SimulationVerdict>;

/** One call of `odori simulate`. */
export class SimulateSession {
  readonly #threads: SimulationThreads;
  readonly #options: SessionOptions;
  readonly #outdated: string[] = [];
  /** By the store; those that search are more. */
  readonly #byStore = new Map<StoreName | undefined, SimulationThread>();
  /** What has gone wrong, while it is being shrunk. */
  #found: FoundRun | undefined;

  constructor(threads: SimulationThreads, options: SessionOptions) {
    this.#threads = threads;
    this.#options = options;
  }

  async run(): Promise<SimulationVerdict> {
    return this.#verdict(await this.#ending());
  }

  async #ending(): Promise<Ending> {
    const { replay } = this.#options;
    try {
      const ending = await (replay === undefined ? this.#searched() : this.#replayed(replay));
      return { ...(await this.#surveyed(ending)), ...ending };
    } catch (error) {
      if (error instanceof HaltedThread) return { wrong: halted(error, this.#options.store) };
      if (!(error instanceof InterruptedRuns)) throw error;
      const found = this.#found;
      const { store } = this.#options;
      return { interrupted: true, wrong: found && wrongRunOf(found, found.result, store) };
    }
  }

  async #searched(): Promise<Ending> {
    const { module, store, schedules = keptFileOf(module) } = this.#options;
    const kept = readSchedules(schedules);
    for (const one of kept) {
      const found = await this.#repeat(one);
      if (found === undefined) continue;
      const wrong = await this.#confirmed(found, [found.result], one.store);
      return { wrong, ...(wrong.schedule !== undefined && { keptIn: schedules }) };
    }
    const found = await this.#search();
    if (!("result" in found))
      return { kept: kept.length, leftOut: found.leftOut, wrong: await this.#changed() };
    const wrong = await this.#shrunk(found, store);
    const { schedule, findings } = wrong;
    if (schedule === undefined) return { kept: kept.length, wrong };
    const [what = ""] = findings[0]?.message.split("\n") ?? [];
    try {
      keepSchedule(schedules, { schedule, finding: `${findings[0]?.code}: ${what}`, store });
    } catch (error) {
      warn(`! The schedule is not kept in ${quote(schedules)}: ${messageOf(error)}`);
      return { kept: kept.length, wrong };
    }
    return { kept: kept.length, wrong, keptIn: schedules };
  }

  /** Makes one run again. What is wrong with a recorded saga may need little of it. */
  async #replayed(replay: string): Promise<Ending> {
    const { store } = this.#options;
    if (!replay.endsWith(".json")) {
      const schedule = readSchedule(replay);
      const result = await (await this.#thread(store)).ask("play", schedule);
      if (result.findings.length === 0) requireTaken(schedule, result.taken);
      return {
        wrong:
          result.findings.length === 0
            ? undefined
            : wrongRunOf({ seed: undefined, runs: 1, result }, result, store),
      };
    }
    const { steps } = readRecording(readText(replay));
    const { result, runs } = await (await this.#thread(store)).ask("follow", steps);
    const { lostAt } = result;
    if (result.findings.length > 0)
      return { lostAt, wrong: await this.#shrunk({ seed: undefined, runs: 1, result }, store) };
    if (lostAt === undefined) return {};
    return { lostAt, wrong: { ...unrepeatable([notFollowed(steps, lostAt, runs)]), result } };
  }

  /** Repeats a schedule. The module is as it was loaded for the first one. */
  async #repeat(of: Pick<KeptSchedule, "schedule" | "store">): Promise<FoundRun | undefined> {
    const schedule = readSchedule(of.schedule);
    const result = await (await this.#thread(of.store)).ask("play", schedule);
    if (notTaken(schedule, result.taken).length > 0) this.#outdated.push(of.schedule);
    return result.findings.length === 0 ? undefined : { seed: undefined, runs: 1, result };
  }

  async #search(): Promise<FoundRun | Pick<SimulationVerdict, "leftOut">> {
    const { seed, seeds, minutes, systematic: departures, workers, store } = this.#options;
    const until = minutes === undefined ? undefined : Date.now() + minutes * MINUTE_MS;
    const first = await this.#thread(store);
    if (departures !== undefined) return first.ask("systematic", { departures, until });
    const further = Array.from({ length: workers - 1 }, () => this.#threads.start(store));
    const threads = [first, ...(await Promise.all(further))];
    const found = await searchInThreads(threads, { from: seed, seeds, until });
    if (found === undefined) return { leftOut: undefined };
    return { ...found, runs: this.#threads.totals.runs };
  }

  /** How a search that has found nothing goes otherwise when it is begun again. */
  async #changed(): Promise<WrongRun | undefined> {
    const repeated = this.#threads.all.map((thread) => thread.ask("repeatFirst", undefined));
    const changed = (await Promise.all(repeated)).find((finding) => finding !== undefined);
    return changed && unrepeatable([changed]);
  }

  async #surveyed({ wrong }: Ending): Promise<Pick<SimulationVerdict, "never" | "foreseen">> {
    const { store, replay, systematic } = this.#options;
    const thread = await this.#thread(store);
    const { never, foreseen } = await thread.ask("survey", [...this.#threads.totals.outcomes]);
    // One run, or few departures, do not lead everywhere.
    const drawn = wrong === undefined && replay === undefined && systematic === undefined;
    return { foreseen, never: drawn ? never : [] };
  }

  async #shrunk(found: FoundRun, store: StoreName | undefined): Promise<WrongRun> {
    this.#found = found;
    const result = await (await this.#thread(store)).ask("shrink", found);
    return this.#confirmed(found, [result, found.result], store);
  }

  /**
   * Repeats the shortest run in a thread of its own, where no run was before: there, `--replay`
   * will make it. The search and the shrinker have had many runs in one, and what handlers keep
   * between runs may have made this one wrong.
   */
  async #confirmed(
    found: FoundRun,
    candidates: readonly RunResult[],
    store: StoreName | undefined,
  ): Promise<WrongRun> {
    this.#found = found;
    const code = found.result.findings[0]?.code;
    let again: RunResult | undefined;
    for (const schedule of new Set(candidates.map(({ taken }) => scheduleText(taken)))) {
      const thread = await this.#threads.start(store);
      again = await thread.ask("repeat", readSchedule(schedule));
      await thread.end();
      if (again.findings[0]?.code === code) return wrongRunOf(found, again, store);
    }
    return unrepeatable(notReproduced(found.result, again).findings);
  }

  async #thread(store: StoreName | undefined): Promise<SimulationThread> {
    const known = this.#byStore.get(store);
    if (known !== undefined) return known;
    const thread = await this.#threads.start(store);
    this.#byStore.set(store, thread);
    return thread;
  }

  #verdict(ending: Ending): SimulationVerdict {
    const { runs, states, leaks, accepted } = this.#threads.totals;
    return {
      ...this.#threads.subject,
      ...{ runs, leaks, accepted, states: states.size, outdated: this.#outdated },
      ...{ kept: 0, wrong: undefined, never: [], foreseen: undefined, lostAt: undefined },
      ...{ keptIn: undefined, leftOut: undefined, interrupted: false },
      ...ending,
    };
  }
}

function wrongRunOf(
  { seed, result: before }: FoundRun,
  result: RunResult,
  store: StoreName | undefined,
): WrongRun {
  const { findings, taken } = result;
  const departures = before.taken.length;
  return { findings, result, seed, departures, store, schedule: scheduleText(taken) };
}

/** No run is drawn: it may be the next one that goes otherwise. */
function unrepeatable(findings: readonly SimulationFinding[]): WrongRun {
  const nothing = { result: undefined, seed: undefined, schedule: undefined, store: undefined };
  return { ...nothing, findings, departures: 0 };
}

function notFollowed(
  steps: readonly RecordedStep[],
  lostAt: number,
  runs: number,
): SimulationFinding {
  const step = steps[lostAt];
  const tried = runs === 1 ? "" : ` (${runs.toLocaleString("en")} draws were tried)`;
  return {
    code: "NOT_FOLLOWED",
    message:
      `step ${lostAt + 1} of ${steps.length} does not happen, ${step?.service}: ` +
      `${step?.reaction} ${step?.disposition}. The handlers of today go elsewhere, or no data ` +
      `that \`given\` draws leads there${tried}`,
  };
}

function halted({ finding, seed }: HaltedThread, store: StoreName | undefined): WrongRun {
  return { ...unrepeatable([finding]), seed, store };
}

import type { SimulationFinding } from "../../simulate/findings.ts";
import { neverHappened } from "../../simulate/never.ts";
import type { StoreName } from "../../simulate/options.ts";
import { readRecording } from "../../simulate/record.ts";
import { type RunResult, SimulatedRun } from "../../simulate/run.ts";
import { noLongerApplies, readSchedule, scheduleText } from "../../simulate/schedule-text.ts";
import { type FoundRun, search } from "../../simulate/search.ts";
import { shrink } from "../../simulate/shrink.ts";
import type { Stage } from "../../simulate/stage.ts";
import { systematic } from "../../simulate/systematic.ts";
import type { Leak, Tripwires } from "../../simulate/tripwire.ts";
import { readText } from "../files.ts";
import { keepSchedule, keptFileOf, readSchedules } from "./kept.ts";
import { searchInThreads, type ThreadAnswer } from "./threads.ts";

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
  /** Told of how many runs were made. */
  readonly onRun: (runs: number) => void;
}

/** What the runs have come to. */
export interface SimulationVerdict {
  readonly runs: number;
  /** How many schedules that failed before are right now. */
  readonly kept: number;
  /** Those of them that no longer apply: a decision of theirs is not taken any more. */
  readonly outdated: readonly string[];
  /** The shortest run that goes wrong. */
  readonly wrong: { readonly found: FoundRun; readonly result: RunResult } | undefined;
  readonly never: readonly SimulationFinding[];
  readonly leaks: readonly Leak[];
  /** The step that a recorded saga could not be followed to, from 0. */
  readonly lostAt: number | undefined;
  /** The file to which the schedule was added. */
  readonly keptIn: string | undefined;
}

/** More runs than any session makes. */
const RUNS_MAX = 100_000_000;

/** One call of `odori simulate`. */
export class SimulateSession {
  readonly #stage: Stage<unknown>;
  readonly #options: SessionOptions;
  readonly #tripwires: Tripwires;
  readonly #leaks: Leak[] = [];
  readonly #outdated: string[] = [];
  #runs = 0;
  #lostAt: number | undefined;

  constructor(stage: Stage<unknown>, tripwires: Tripwires, options: SessionOptions) {
    this.#stage = stage;
    this.#tripwires = tripwires;
    this.#options = options;
  }

  async run(): Promise<SimulationVerdict> {
    const { replay, module, schedules = keptFileOf(module) } = this.#options;
    if (replay !== undefined) return this.#replayed(replay);
    const kept = readSchedules(schedules);
    for (const { schedule } of kept) {
      const found = await this.#repeat(schedule);
      if (found !== undefined) return this.#verdict(found, 0);
    }
    const found = await this.#search();
    if (found === undefined) return this.#verdict(undefined, kept.length);
    const { result } = await shrink(this.#stage, found.result);
    const [finding] = result.findings;
    const schedule = scheduleText(result.taken);
    const [what = ""] = finding?.message.split("\n") ?? [];
    keepSchedule(schedules, { schedule, finding: `${finding?.code}: ${what}` });
    return { ...this.#verdict(found, kept.length), wrong: { found, result }, keptIn: schedules };
  }

  /** Makes one run again. What is wrong with a recorded saga may need little of it. */
  async #replayed(replay: string): Promise<SimulationVerdict> {
    const found = await this.#repeat(replay);
    const verdict = this.#verdict(found, 0);
    if (found === undefined || !isRecording(replay)) return verdict;
    return { ...verdict, wrong: { found, ...(await shrink(this.#stage, found.result)) } };
  }

  async #repeat(text: string): Promise<FoundRun | undefined> {
    const schedule = isRecording(text) ? undefined : readSchedule(text);
    const course =
      schedule === undefined ? { recorded: readRecording(readText(text)).steps } : { schedule };
    const result = await new SimulatedRun(this.#stage, course).play();
    this.#count(1);
    if (schedule !== undefined && noLongerApplies(schedule, result.taken))
      this.#outdated.push(text);
    this.#lostAt = result.lostAt;
    return result.findings.length === 0 ? undefined : { seed: undefined, runs: 1, result };
  }

  async #search(): Promise<FoundRun | undefined> {
    const { seed, seeds, minutes, systematic: departures, workers } = this.#options;
    const until = minutes === undefined ? undefined : Date.now() + minutes * 60_000;
    const onRun = () => this.#count(1);
    if (departures !== undefined) {
      const limits = { departures, runs: RUNS_MAX, until, onRun };
      const found = await systematic(this.#stage, limits);
      return "result" in found ? found : undefined;
    }
    if (workers > 1) return this.#searchInThreads({ from: seed, seeds, until });
    const found = await search(this.#stage, { from: seed, seeds, until, onRun });
    return "result" in found ? found : undefined;
  }

  /** Runs are the same in every thread, so the one that failed is made again here. */
  async #searchInThreads(task: {
    readonly from: number;
    readonly seeds: number;
    readonly until: number | undefined;
  }): Promise<FoundRun | undefined> {
    const { module, store, workers } = this.#options;
    const onAnswer = ({ runs, outcomes, states, leaks }: ThreadAnswer) => {
      this.#count(runs);
      this.#leaks.push(...leaks);
      for (const outcome of outcomes) this.#stage.reached.outcomes.add(outcome);
      for (const state of states) this.#stage.reached.states.add(state);
    };
    const failed = await searchInThreads({ ...task, module, store, workers, onAnswer });
    if (failed === undefined) return undefined;
    const found = await search(this.#stage, { from: failed.seed, seeds: 1 });
    if ("result" in found) return { ...found, runs: this.#runs };
    const result = await new SimulatedRun(this.#stage, {
      schedule: readSchedule(failed.schedule),
    }).play();
    return { seed: failed.seed, runs: this.#runs, result };
  }

  #verdict(found: FoundRun | undefined, kept: number): SimulationVerdict {
    const { replay, systematic: departures } = this.#options;
    // Few departures do not lead everywhere.
    const drawn = found === undefined && replay === undefined && departures === undefined;
    const all = [...this.#leaks, ...this.#tripwires.leaks];
    return {
      runs: this.#runs,
      kept,
      outdated: this.#outdated,
      wrong: found && { found, result: found.result },
      never: drawn ? neverHappened(this.#stage) : [],
      leaks: [...new Map(all.map((leak) => [`${leak.what} ${leak.at}`, leak])).values()],
      lostAt: this.#lostAt,
      keptIn: undefined,
    };
  }

  #count(runs: number): void {
    this.#runs += runs;
    this.#options.onRun(this.#runs);
  }
}

/** Whether it is the file of a recorded saga, and no schedule. */
function isRecording(replay: string): boolean {
  return replay.endsWith(".json");
}

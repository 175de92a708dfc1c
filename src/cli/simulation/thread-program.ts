import type { MessagePort } from "node:worker_threads";
import type { AcceptedCounts } from "../../simulate/accepted.ts";
import type { Schedule } from "../../simulate/decisions.ts";
import type { SimulationFinding } from "../../simulate/findings.ts";
import type { Followed } from "../../simulate/follow.ts";
import type { StoreName } from "../../simulate/options.ts";
import type { RecordedStep } from "../../simulate/record.ts";
import type { RunResult } from "../../simulate/run.ts";
import type { FoundRun } from "../../simulate/search.ts";
import type { SystematicRuns } from "../../simulate/systematic.ts";
import type { Leak } from "../../simulate/tripwire.ts";
import type { ToldError } from "../told-error.ts";

/** Some of the seeds of a search. */
export interface SeedTask {
  readonly from: number;
  readonly seeds: number;
  readonly until: number | undefined;
}

/** Every run with few departures. */
export interface SystematicTask {
  readonly departures: number;
  readonly until: number | undefined;
}

/** What all runs together have come to, beside the model. */
export interface Survey {
  readonly never: readonly SimulationFinding[];
  /** States of the model; undefined if there are too many. */
  readonly foreseen: number | undefined;
}

/** What a thread does when it is asked: each takes one argument. */
export interface ThreadProgram {
  search(task: SeedTask): Promise<FoundRun | { readonly runs: number }>;
  systematic(task: SystematicTask): Promise<FoundRun | SystematicRuns>;
  play(schedule: Schedule): Promise<RunResult>;
  /** The same, and it is not counted. */
  repeat(schedule: Schedule): Promise<RunResult>;
  follow(recorded: readonly RecordedStep[]): Promise<Followed>;
  shrink(found: FoundRun): Promise<RunResult>;
  /** Makes the first run once more. Returns how it differs. */
  repeatFirst(_: undefined): Promise<SimulationFinding | undefined>;
  /** Takes the outcomes that other threads have reached. */
  survey(outcomes: readonly string[]): Promise<Survey>;
}

/** What the runs of a thread have reached so far. */
export interface ThreadReached {
  readonly outcomes: readonly string[];
  readonly states: readonly number[];
  readonly leaks: readonly Leak[];
  readonly accepted: AcceptedCounts;
}

/** What is simulated, as all threads know it. */
export interface ThreadSubject {
  readonly name: string;
  readonly services: number;
  /** What the simulation accepts, and why. */
  readonly accepts: Readonly<Record<string, string>>;
}

/** What a thread says. */
export type ThreadMessage =
  | { readonly loaded: true }
  | { readonly ready: ThreadSubject }
  | { readonly place: number; readonly name: string }
  | { readonly reached: ThreadReached }
  | { readonly answer: unknown }
  | { readonly error: ToldError };

/** What a thread is asked. */
export interface ThreadQuestion {
  readonly kind: keyof ThreadProgram;
  readonly task: unknown;
}

/** What a thread is started with. */
export interface ThreadStart {
  readonly module: string;
  readonly store: StoreName | undefined;
  readonly memory: SharedArrayBuffer;
  readonly port: MessagePort;
}

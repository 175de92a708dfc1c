import { randomUUID } from "node:crypto";
import { codeOf } from "../contract/errors.ts";
import { pauseUnlessAborted } from "./pause.ts";
import { ConsoleRefusal } from "./refusal.ts";
import type { Job, JobStop } from "./wire.ts";

/** What a job does, one after the other. */
export interface JobWork {
  readonly action: Job["action"];
  /** Ids of deliveries or sagas. */
  readonly ids: readonly string[];
  readonly perSecond: number;
  /** Whether the rate begins at one a second and doubles each five seconds. */
  readonly ramp: boolean;
  /** Acts on one of them. Rejects if it could not; with a refusal, only this one could not be. */
  act(id: string): Promise<void>;
  /** How many of the ids, which were acted on, are parked again. */
  parkedAgain(ids: readonly string[]): number;
}

const RUNNING_MAX = 4;
/** Ended jobs that are remembered. */
const KEPT_MAX = 100;
const RAMP_MS = 5_000;
const PROBLEMS_MAX = 10;
/** Ids that a job keeps, to count which are parked again. */
const IDS_KEPT_MAX = 20_000;
/** Failures one after the other that stop a job: the store is away, or all is done. */
const FAILURES_MAX = 20;
/**
 * A job stops once at least that number of the last ones is parked again, and most of them are:
 * their cause is still there. What comes of the others is not known yet.
 */
const IN_VAIN = { least: 20, among: 100 } as const;

/** Jobs of this process, the last first. */
export class JobList {
  readonly #jobs: RunningJob[] = [];

  list(): readonly Job[] {
    return this.#jobs.map((job) => job.state());
  }

  /** Those that run, or ended at most this long ago. */
  recent(withinMs: number): readonly Job[] {
    return this.#jobs.filter((job) => job.endedWithin(withinMs)).map((job) => job.state());
  }

  find(id: string): Job | undefined {
    return this.#jobs.find((job) => job.id === id)?.state();
  }

  stop(id: string): Job | undefined {
    const job = this.#jobs.find((one) => one.id === id);
    job?.stop();
    return job?.state();
  }

  stopAll(): void {
    for (const job of this.#jobs) job.stop();
  }

  /** Begins a job. Throws `CONSOLE_BUSY` if too many run. */
  begin(work: JobWork): Job {
    if (this.#jobs.filter((job) => job.isRunning).length >= RUNNING_MAX)
      throw new ConsoleRefusal(429, "CONSOLE_BUSY", `At most ${RUNNING_MAX} jobs run at once.`);
    const job = new RunningJob(work);
    this.#jobs.unshift(job);
    const ended = this.#jobs.filter((one) => !one.isRunning);
    for (const old of ended.slice(KEPT_MAX)) this.#jobs.splice(this.#jobs.indexOf(old), 1);
    job.start();
    return job.state();
  }
}

class RunningJob {
  readonly id = randomUUID();
  #work: JobWork;
  readonly #total: number;
  readonly #began = Date.now();
  /** The rate does not depend on a clock that may be set. */
  readonly #started = performance.now();
  #endedAt: number | undefined;
  readonly #problems: Job["problems"][number][] = [];
  #state: Job["state"] = "running";
  #stop: JobStop | undefined;
  #done = 0;
  #failed = 0;
  #failedInARow = 0;
  /** Ids that were acted on. */
  #acted: string[] = [];
  #stopping = new AbortController();

  constructor(work: JobWork) {
    this.#work = work;
    this.#total = work.ids.length;
  }

  endedWithin(ms: number): boolean {
    return this.#endedAt === undefined || Date.now() - this.#endedAt < ms;
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  state(): Job {
    const { action } = this.#work;
    return {
      ...{ id: this.id, action, state: this.#state, began: this.#began, total: this.#total },
      ...{ done: this.#done, failed: this.#failed },
      ...(this.#stop !== undefined && { stop: this.#stop }),
      parkedAgain: this.#work.parkedAgain(this.#acted),
      perSecond: this.isRunning ? this.#rate() : 0,
      problems: [...this.#problems],
    };
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort();
  }

  get #tried(): number {
    return this.#done + this.#failed;
  }

  async #run(): Promise<void> {
    for (const id of this.#work.ids) {
      if (this.#tried > 0) await pauseUnlessAborted(1_000 / this.#rate(), this.#stopping.signal);
      this.#stop = this.#whyToStop();
      if (this.#stop !== undefined) break;
      try {
        await this.#work.act(id);
        this.#done++;
        this.#acted.push(id);
        if (this.#acted.length > IDS_KEPT_MAX) this.#acted.shift();
        this.#failedInARow = 0;
      } catch (error) {
        this.#failed++;
        // What is said of one saga, such as that its payload is not kept, says nothing of the next.
        if (!(error instanceof ConsoleRefusal)) this.#failedInARow++;
        this.#problems.push({ id, code: codeOf(error) });
        if (this.#problems.length > PROBLEMS_MAX) this.#problems.shift();
      }
    }
    this.#state = this.#stop === undefined ? "done" : "stopped";
    this.#endedAt = Date.now();
    // What it has worked with may be large, and is not needed any more.
    this.#work = { ...this.#work, ids: [], act: () => Promise.resolve() };
  }

  #whyToStop(): JobStop | undefined {
    if (this.#stopping.signal.aborted) return "asked";
    if (this.#failedInARow >= FAILURES_MAX) return "failures";
    return this.#isInVain() ? "in vain" : undefined;
  }

  #isInVain(): boolean {
    const last = this.#acted.slice(-IN_VAIN.among);
    if (last.length < IN_VAIN.least) return false;
    const again = this.#work.parkedAgain(last);
    return again >= IN_VAIN.least && again > last.length / 2;
  }

  #rate(): number {
    const { perSecond, ramp } = this.#work;
    if (!ramp) return perSecond;
    return Math.min(perSecond, 2 ** Math.floor((performance.now() - this.#started) / RAMP_MS));
  }
}

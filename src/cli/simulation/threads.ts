import type { StoreName } from "../../simulate/options.ts";
import type { FoundRun } from "../../simulate/search.ts";
import type { Leak } from "../../simulate/tripwire.ts";
import { InterruptedRuns } from "./halted-thread.ts";
import { SimulationThread } from "./simulation-thread.ts";
import type { SeedTask, ThreadSubject } from "./thread-program.ts";

/** Seeds that a thread takes at once. */
const CHUNK = 250;
/** How often runs are counted. */
const COUNT_MS = 250;

/** What the threads of a command have done together. */
export interface ThreadTotals {
  readonly runs: number;
  readonly outcomes: ReadonlySet<string>;
  readonly states: ReadonlySet<number>;
  readonly leaks: readonly Leak[];
  /** In how many runs each code was found that is accepted. */
  readonly accepted: ReadonlyMap<string, number>;
}

/** The threads of one command. No code of the user runs elsewhere. */
export class SimulationThreads implements AsyncDisposable {
  readonly #module: string;
  readonly #all: SimulationThread[] = [];
  readonly #ticking: NodeJS.Timeout;
  #subject: ThreadSubject | undefined;
  #interrupted = false;

  /** `onRun` is told now and then of how many runs were made. */
  constructor(module: string, onRun: (totals: ThreadTotals) => void = () => {}) {
    this.#module = module;
    this.#ticking = setInterval(() => onRun(this.totals), COUNT_MS);
  }

  get all(): readonly SimulationThread[] {
    return this.#all;
  }

  /** What is simulated, once a thread is ready. */
  get subject(): ThreadSubject {
    return this.#subject ?? { name: this.#module, services: 0, accepts: {} };
  }

  get totals(): ThreadTotals {
    const reached = this.#all.map((thread) => thread.reached);
    const accepted = new Map<string, number>();
    for (const [code, runs] of reached.flatMap((one) => Object.entries(one.accepted)))
      accepted.set(code, (accepted.get(code) ?? 0) + runs);
    const leaks = reached.flatMap((one) => one.leaks);
    return {
      accepted,
      runs: this.#all.reduce((runs, thread) => runs + thread.runs, 0),
      outcomes: new Set(reached.flatMap((one) => one.outcomes)),
      states: new Set(reached.flatMap((one) => one.states)),
      leaks: [...new Map(leaks.map((leak) => [`${leak.what} ${leak.at}`, leak])).values()],
    };
  }

  /** Starts a thread, with the modules as they are when they have just been loaded. */
  async start(store: StoreName | undefined): Promise<SimulationThread> {
    const thread = new SimulationThread(this.#module, store);
    this.#all.push(thread);
    if (this.#interrupted) thread.stop(new InterruptedRuns());
    this.#subject = await thread.ready;
    return thread;
  }

  /** Ends what they do, with `InterruptedRuns`. */
  interrupt(): void {
    this.#interrupted = true;
    for (const thread of this.#all) thread.stop(new InterruptedRuns());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticking);
    await Promise.all(this.#all.map((thread) => thread.end()));
  }
}

/** Searches in several threads. Resolves to the run of the first failed seed of all of them. */
export async function searchInThreads(
  threads: readonly SimulationThread[],
  { from, seeds, until }: SeedTask,
): Promise<FoundRun | undefined> {
  let next = from;
  const failed: FoundRun[] = [];
  const work = async (thread: SimulationThread) => {
    while (failed.length === 0 && next < from + seeds && Date.now() < (until ?? Infinity)) {
      const task = { from: next, seeds: Math.min(CHUNK, from + seeds - next), until };
      next += task.seeds;
      const found = await thread.ask("search", task);
      if ("result" in found) failed.push(found);
    }
  };
  await Promise.all(threads.map(work));
  // Every seed below has been taken by then.
  return failed.sort(({ seed: a = 0 }, { seed: b = 0 }) => a - b)[0];
}

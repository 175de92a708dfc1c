import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import type { StoreName } from "../../simulate/options.ts";
import type { Leak } from "../../simulate/tripwire.ts";

/** Some of the seeds of a search. */
export interface SeedTask {
  readonly from: number;
  readonly seeds: number;
  readonly until: number | undefined;
}

/** What a thread has made of them. */
export interface ThreadAnswer {
  readonly runs: number;
  /** What its runs have reached so far. */
  readonly outcomes: readonly string[];
  readonly states: readonly number[];
  readonly leaks: readonly Leak[];
  readonly failed?: { readonly seed: number; readonly schedule: string };
}

/** What a search in threads takes. */
export interface ThreadedSearch extends SeedTask {
  readonly module: string;
  readonly store: StoreName | undefined;
  readonly workers: number;
  readonly onAnswer: (answer: ThreadAnswer) => void;
}

/** The program stands beside this file, and is compiled if this file is. */
const PROGRAM = new URL(`thread${extname(import.meta.url)}`, import.meta.url);
/** A run leaves nothing behind: with more room, garbage is collected less often. */
const YOUNG = { maxYoungGenerationSizeMb: 64 };
/** Seeds that a thread takes at once. */
const CHUNK = 250;

/** Searches in several threads. Returns the first failed seed of all of them. */
export async function searchInThreads(
  search: ThreadedSearch,
): Promise<ThreadAnswer["failed"] | undefined> {
  const { module, store, workers, seeds, from, until } = search;
  let next = from;
  const failed: { seed: number; schedule: string }[] = [];
  const work = async () => {
    const thread = new Worker(PROGRAM, { workerData: { module, store }, resourceLimits: YOUNG });
    try {
      while (failed.length === 0 && next < from + seeds && Date.now() < (until ?? Infinity)) {
        const task = { from: next, seeds: Math.min(CHUNK, from + seeds - next), until };
        next += task.seeds;
        const answer = await ask(thread, task);
        search.onAnswer(answer);
        if (answer.failed !== undefined) failed.push(answer.failed);
      }
    } finally {
      await thread.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  // Every seed below has been taken by then.
  return failed.sort((a, b) => a.seed - b.seed)[0];
}

function ask(thread: Worker, task: SeedTask): Promise<ThreadAnswer> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown) =>
      reject(
        new OdoriError("MODULE_UNREADABLE", `A thread has ended: ${messageOf(cause)}.`, { cause }),
      );
    thread.once("message", (answer: ThreadAnswer) => {
      thread.off("error", failed);
      resolve(answer);
    });
    thread.once("error", failed);
    thread.postMessage(task);
  });
}

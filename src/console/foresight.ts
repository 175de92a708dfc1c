import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Outlook } from "../check/from-here/from-here.ts";
import type { LookLimits } from "../check/from-here/look-ahead.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import type { LookOrder, LookResult } from "./foresight-thread.ts";
import { ConsoleRefusal } from "./refusal.ts";

/** What is asked about one saga. */
export interface SagaLook {
  readonly manifest: Manifest;
  readonly parts: readonly ServiceHistory[];
  readonly read: ReadonlySet<string>;
  readonly limits?: Pick<LookLimits, "statesMax" | "millisecondsMax"> | undefined;
  /** Aborted once the asker has left. Absent for the feeds, which do not leave. */
  readonly signal?: AbortSignal | undefined;
}

/** `failed`: the thread has ended, or took too long. Without it, `undefined` is an answer. */
export type LookedInto =
  | { readonly outlook: Outlook | undefined; readonly failed?: undefined }
  | { readonly outlook?: undefined; readonly failed: true };

interface Waiting extends SagaLook {
  readonly left: Int32Array<SharedArrayBuffer>;
  readonly answer: (foreseen: LookedInto) => void;
}

/** The program stands beside this file, and is compiled if this file is. */
const PROGRAM = new URL(`foresight-thread${extname(import.meta.url)}`, import.meta.url);
/** 5,000 states of the largest model take far less. */
const MEMORY = { maxOldGenerationSizeMb: 512 };
/** Questions that wait. The feeds have one at a time, which is never refused. */
const WAITING_MAX = 64;
const SEEN_STATES_MAX = 5_000;
const MILLISECONDS_MAX = 200;
/** For what the bounds of its looks do not bound: making the model, placing the saga on it. */
const BESIDE_LOOKS_MS = 20_000;
const LOOKS = 3;
/** Threads that end without an answer, one after the other, before the next one has to wait. */
const ENDS_MAX = 3;
const REST_MS = 60_000;
const LOOK_FAILED: LookedInto = { failed: true };

/**
 * Looks ahead in sagas, in a thread: a look may take longer than pages and feeds should wait. One
 * question is answered after the other. The thread begins with the first one.
 */
export class Foresight {
  readonly #program: URL;
  readonly #queue: Waiting[] = [];
  #asked: Waiting | undefined;
  #thread: Worker | undefined;
  #limit: NodeJS.Timeout | undefined;
  /** The choreography that the thread has. */
  #told: Manifest | undefined;
  /** How many threads have ended since the last answer, and when the last one did. */
  #ends = { count: 0, at: 0 };
  #closed = false;

  constructor(program = PROGRAM) {
    this.#program = program;
  }

  /**
   * Rejects with the reason of `signal` once it is aborted. Throws `CONSOLE_BUSY` where too many
   * wait.
   */
  async of(ask: SagaLook): Promise<LookedInto> {
    const { signal } = ask;
    signal?.throwIfAborted();
    const { count, at } = this.#ends;
    if (this.#closed || (count >= ENDS_MAX && performance.now() < at + REST_MS)) return LOOK_FAILED;
    if (signal !== undefined && this.#queue.length >= WAITING_MAX)
      throw new ConsoleRefusal(503, "CONSOLE_BUSY", "Too many sagas are looked into at once.");
    const left = new Int32Array(new SharedArrayBuffer(4));
    return await new Promise<LookedInto>((resolve, reject) => {
      const leave = () => {
        Atomics.store(left, 0, 1);
        const place = this.#queue.indexOf(waiting);
        if (place >= 0) this.#queue.splice(place, 1);
        reject(signal?.reason);
      };
      const answer = (foreseen: LookedInto) => {
        signal?.removeEventListener("abort", leave);
        resolve(foreseen);
      };
      const waiting: Waiting = { ...ask, left, answer };
      signal?.addEventListener("abort", leave, { once: true });
      this.#queue.push(waiting);
      this.#next();
    });
  }

  /** Ends the thread. What waits has failed. */
  async close(): Promise<void> {
    this.#closed = true;
    const ended = this.#end();
    for (const { answer } of this.#queue.splice(0)) answer(LOOK_FAILED);
    await ended;
  }

  #next(): void {
    if (this.#asked !== undefined) return;
    const asked = this.#queue.shift();
    if (asked === undefined) return;
    this.#asked = asked;
    const { manifest, parts, read, left, limits = {} } = asked;
    const { statesMax = SEEN_STATES_MAX, millisecondsMax = MILLISECONDS_MAX } = limits;
    this.#thread ??= this.#begin();
    const question: LookOrder = {
      ...(this.#told !== manifest && { manifest }),
      ...{ parts: parts.map(withoutBodies), read, left, statesMax, millisecondsMax },
    };
    this.#told = manifest;
    const most = BESIDE_LOOKS_MS + LOOKS * millisecondsMax;
    this.#limit = setTimeout(() => this.#lose(), most);
    this.#limit.unref();
    this.#thread.postMessage(question);
  }

  #begin(): Worker {
    const thread = new Worker(this.#program, { resourceLimits: MEMORY });
    const isOurs = () => this.#thread === thread;
    thread.on("message", (reply: LookResult) => {
      if (!isOurs()) return;
      this.#ends.count = 0;
      this.#settle("failed" in reply ? LOOK_FAILED : reply);
      this.#next();
    });
    thread.on("error", () => {
      if (isOurs()) this.#lose();
    });
    // The process of others ends when it has nothing else to do.
    thread.unref();
    return thread;
  }

  /** Goes on without the thread: the next question begins another one. */
  #lose(): void {
    this.#ends = { count: this.#ends.count + 1, at: performance.now() };
    void this.#end();
    this.#next();
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#told = undefined;
    this.#settle(LOOK_FAILED);
    await thread?.terminate();
  }

  #settle(foreseen: LookedInto): void {
    clearTimeout(this.#limit);
    this.#asked?.answer(foreseen);
    this.#asked = undefined;
  }
}

/** Payloads say nothing about what may follow, and would be copied. */
function withoutBodies({ service, history }: ServiceHistory): ServiceHistory {
  const deferred = history.deferred.map((row) => ({ ...row, body: NO_BODY }));
  return { service, history: { ...history, deferred } };
}

const NO_BODY = { malformed: false, text: "" };

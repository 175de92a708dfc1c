import { extname } from "node:path";
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from "node:worker_threads";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import type { StoreName } from "../../simulate/options.ts";
import { withStop } from "../../text/sentence.ts";
import { loadSecondsMax, unfinishedModule } from "../in-thread.ts";
import { warn } from "../output.ts";
import { secondsOf } from "../seconds.ts";
import { toldBack } from "../told-error.ts";
import { HaltedThread } from "./halted-thread.ts";
import type {
  ThreadMessage,
  ThreadProgram,
  ThreadQuestion,
  ThreadReached,
  ThreadStart,
  ThreadSubject,
} from "./thread-program.ts";
import { ThreadPulse } from "./thread-pulse.ts";

/** The program stands beside this file, and is compiled if this file is. */
const PROGRAM = new URL(`thread${extname(import.meta.url)}`, import.meta.url);
/** A run leaves nothing behind: with more room, garbage is collected less often. */
const YOUNG = { maxYoungGenerationSizeMb: 64 };
/** Node ends a thread with it whose module awaits what never comes. */
const NEVER_SETTLED = 13;
const LOOK_MS = 500;
/** Whether this Node tells how much a thread computes: those of `engines` do. */
export const tellsThreadTime = "cpuUsage" in Worker.prototype;

interface Waiting {
  /** Takes what the thread has answered. */
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/**
 * A thread with the user's module in it, which makes runs. It can be ended even if its handlers
 * loop, and outlived if they call `process.exit`. Each thread has modules of its own, as they are
 * when loaded.
 */
export class SimulationThread {
  readonly #module: string;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #pulse = new ThreadPulse();
  readonly #places = new Map<number, string>();
  readonly #secondsMax: { readonly load: number; readonly step: number };
  readonly #look: NodeJS.Timeout;
  readonly #loading: NodeJS.Timeout;
  /** How much of a processor the thread had used at its last beat, in microseconds. */
  #lastBeat = { beats: -1, used: 0 };
  #phase: "loads" | "prepares" | "runs" = "loads";
  #waiting: Waiting | undefined;
  #reached: ThreadReached = { outcomes: [], states: [], leaks: [], accepted: {} };
  /** Why it can be asked nothing any more. */
  #failure: unknown;
  #ended = false;

  /** Resolves once its databases are ready. */
  readonly ready: Promise<ThreadSubject>;

  /** Starts the thread. */
  constructor(module: string, store: StoreName | undefined) {
    this.#module = module;
    this.#secondsMax = { load: loadSecondsMax(), step: secondsOf("ODORI_STEP_SECONDS", 10) };
    // A channel that the module does not know: on its own it could say anything.
    const { port1, port2: port } = new MessageChannel();
    this.#port = port1;
    const workerData: ThreadStart = { module, store, memory: this.#pulse.memory, port };
    const outputs = { stdout: true, stderr: true };
    const options = { workerData, transferList: [port], resourceLimits: YOUNG, ...outputs };
    this.#worker = new Worker(PROGRAM, options);
    for (const output of [this.#worker.stdout, this.#worker.stderr])
      output.setEncoding("utf8").on("data", (text: string) => warn(text.trimEnd()));
    this.#port.on("message", (message: ThreadMessage) => this.#hear(message));
    this.#worker.once("error", (cause) => this.#threw(cause));
    this.#worker.once("exit", (code) => this.#exited(code));
    this.#look = setInterval(() => void this.#watch(), LOOK_MS);
    const { load } = this.#secondsMax;
    this.#loading = setTimeout(
      () => this.stop(unfinishedModule(module, `is not loaded after ${load} seconds`)),
      load * 1_000,
    );
    this.ready = this.#wait();
    // Awaited by who has started the thread, unless it is interrupted before.
    this.ready.catch(() => {});
  }

  /** How many runs it has made so far. */
  get runs(): number {
    return this.#pulse.runs;
  }

  get reached(): ThreadReached {
    return this.#reached;
  }

  /** Asks for something, and for one thing at a time. */
  ask<Kind extends keyof ThreadProgram>(
    kind: Kind,
    task: Parameters<ThreadProgram[Kind]>[0],
  ): Promise<Awaited<ReturnType<ThreadProgram[Kind]>>> {
    const question: ThreadQuestion = { kind, task };
    this.#port.postMessage(question);
    return this.#wait();
  }

  /** Ends what is asked for with an error, and all that is asked later. */
  stop(error: unknown): void {
    this.#failure ??= error;
    this.#fail(error);
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#look);
    clearTimeout(this.#loading);
    this.#port.close();
    await this.#worker.terminate();
  }

  #wait<Answer>(): Promise<Answer> {
    this.#lastBeat = { beats: -1, used: 0 };
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #hear(message: ThreadMessage): void {
    if ("place" in message) this.#places.set(message.place, message.name);
    else if ("reached" in message) this.#reached = message.reached;
    else if ("error" in message) this.#fail(toldBack(message.error));
    else if ("loaded" in message) this.#prepares();
    else {
      if ("ready" in message) this.#phase = "runs";
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve("ready" in message ? message.ready : message.answer);
    }
  }

  #prepares(): void {
    this.#phase = "prepares";
    clearTimeout(this.#loading);
  }

  /** A busy machine gives a thread little time, so that what it has used counts. */
  async #watch(): Promise<void> {
    if (!tellsThreadTime) return;
    const { beats } = this.#pulse;
    let used: number;
    try {
      const { user, system } = await this.#worker.cpuUsage();
      used = user + system;
    } catch {
      // The thread has ended meanwhile.
      return;
    }
    if (this.#waiting === undefined || beats !== this.#lastBeat.beats) {
      this.#lastBeat = { beats, used };
      return;
    }
    const { load, step } = this.#secondsMax;
    const seconds = this.#phase === "runs" ? step : Math.max(load, step);
    if (used - this.#lastBeat.used < seconds * 1_000_000) return;
    const what = `has not come to an end after ${seconds} s of computing`;
    this.stop(this.#halted("ENDLESS", what));
  }

  #threw(cause: unknown): void {
    const why = messageOf(cause);
    this.stop(
      this.#phase === "loads"
        ? new OdoriError("MODULE_UNREADABLE", `Cannot load ${this.#module}: ${withStop(why)}`, {
            cause,
            hint: "Run the module with node to see where it fails.",
          })
        : this.#halted("EXIT", `has thrown where nothing catches it: ${why}`),
    );
  }

  #exited(code: number): void {
    // Its last words may not have been read yet.
    for (;;) {
      const last = receiveMessageOnPort(this.#port);
      if (last === undefined) break;
      this.#hear(last.message);
    }
    if (this.#phase !== "loads")
      this.stop(this.#halted("EXIT", `has called process.exit(${code})`));
    const why =
      code === NEVER_SETTLED
        ? "awaits at its top level what never comes"
        : `called process.exit(${code}) while it was loading`;
    this.stop(unfinishedModule(this.#module, why));
  }

  #fail(error: unknown): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  #halted(code: "ENDLESS" | "EXIT", what: string): HaltedThread {
    const { seed, place } = this.#pulse;
    const where = this.#places.get(place) ?? "the simulation";
    return new HaltedThread({ code, message: `${where} ${what}` }, seed === 0 ? undefined : seed);
  }
}

import { codeOf } from "../contract/errors.ts";
import type { Observer } from "./observer.ts";
import type { Projection } from "./projection.ts";
import { type FollowRound, restAfter } from "./rest.ts";

/** How far the projection is. */
export interface FollowProgress {
  /** When it last had all that the journals had: milliseconds since 1970. */
  readonly upTo: number | undefined;
  /** The code of the error for which the last round has failed. A source that is away is none. */
  readonly problem: string | undefined;
}

/** After a round that has failed. */
const FAILED_PAUSE_MS = 2_000;
/** Sagas with deliveries that were put off that each round reads again. */
const LOOKED_AT = 250;

/**
 * Keeps a projection up to date until it is stopped. A round that fails writes nothing, and the
 * next one begins where it began.
 */
export class Follower {
  readonly #observer: Observer;
  readonly #projection: Projection;
  readonly #now: () => number;
  #progress: FollowProgress = { upTo: undefined, problem: undefined };
  #running: Promise<void> | undefined;
  #behind = "";
  /** How far sagas are read again that wait for what has passed. */
  #passed = "";
  /** How far sagas are read again whose causes are missing. */
  #causeless = "";
  /** How far sagas that were judged without a source are read again; undefined: to the end. */
  #unread: string | undefined;
  #wake: () => void = () => {};
  #stopped = false;

  constructor(observer: Observer, projection: Projection, now: () => number = Date.now) {
    this.#observer = observer;
    this.#projection = projection;
    this.#now = now;
  }

  get progress(): FollowProgress {
    return this.#progress;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Begins the next round now. */
  hurry(): void {
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    let worked = 0;
    while (!this.#stopped) {
      const began = performance.now();
      let pause = FAILED_PAUSE_MS;
      try {
        const round = await this.#round();
        worked += performance.now() - began;
        pause = restAfter(round, worked, this.#observer.reads);
      } catch (error) {
        this.#progress = { ...this.#progress, problem: codeOf(error) };
      }
      if (pause > 0) worked = 0;
      await this.#wait(pause);
    }
  }

  /** Returns what the feeds have given. */
  async #round(): Promise<FollowRound> {
    const at = this.#now();
    // Before the feeds: what is missing in a journal that was read earlier may have come since.
    await this.#observer.lookAtBuses();
    const { rows, more, complete } = await this.#observer.readFeeds();
    // No feed tells what a person does to a parked delivery, nor that an attempt has failed again.
    const put = this.#projection.deferredSagas(this.#behind, LOOKED_AT);
    this.#behind = put.length < LOOKED_AT ? "" : (put.at(-1) ?? "");
    if (put.length > 0) await this.#observer.look(put);
    await this.#lookAgain();
    await this.#lookForLost();
    await this.#lookForCauses();
    // By a clock that is behind, an event looks older than it is. Nothing is called late too early.
    const behindMs = Math.max(0, ...[...this.#observer.clocks.far.values()].map((ms) => -ms));
    this.#projection.tick(this.#now(), this.#observer.unsure, behindMs);
    this.#projection.forget(this.#now());
    this.#progress = { upTo: complete ? at : this.#progress.upTo, problem: undefined };
    return { rows, more };
  }

  /** Reads sagas again that were judged without a source, once one has come back. */
  async #lookAgain(): Promise<void> {
    if (this.#observer.takeReturned()) this.#unread = "";
    if (this.#unread === undefined) return;
    const unread = this.#projection.unreadSagas(this.#unread, LOOKED_AT);
    this.#unread = unread.at(-1);
    if (unread.length > 0) await this.#observer.look(unread);
  }

  /** Reads sagas again that wait for an event that neither an outbox nor the bus has. */
  async #lookForLost(): Promise<void> {
    const { reach } = this.#observer;
    if (reach === undefined) return;
    const passed = this.#projection.passedSagas(reach, this.#passed, LOOKED_AT);
    this.#passed = passed.length < LOOKED_AT ? "" : (passed.at(-1) ?? "");
    if (passed.length > 0) await this.#observer.look(passed);
  }

  /** Reads sagas again that were to go on once a cause is told, and it has not come. */
  async #lookForCauses(): Promise<void> {
    const causeless = this.#projection.causelessSagas(this.#now(), this.#causeless, LOOKED_AT);
    this.#causeless = causeless.length < LOOKED_AT ? "" : (causeless.at(-1) ?? "");
    if (causeless.length > 0) await this.#observer.look(causeless);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) return resolve();
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

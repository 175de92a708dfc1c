import { nextTick } from "node:process";
// Imported, since a fake clock of the test runner replaces the globals.
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { adopt } from "../contract/adopt.ts";
import type { OdoriError } from "../contract/errors.ts";

/** Resolves once no promise callback waits to run. */
const drained = (): Promise<void> => new Promise((resolve) => nextTick(resolve));
/** Resolves once the event loop has turned. */
const turned = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A handler that has been called and has not returned. */
interface Handling {
  readonly service: string;
  /** Whether it was waited for in vain: it waits for what the test itself does. */
  stuck: boolean;
  /** Ends it once it was waited for in vain. Without it, the runtime goes on beside it. */
  readonly end?: () => void;
}

/** A call of a store that has not settled. */
interface Call {
  readonly service: string;
  /** Whether it waits for a handler that was waited for in vain, or for a lock of one. */
  held: boolean;
}

/** A service whose handler was given up is waited for with this share of the patience. */
const AGAIN_SHARE = 1 / 10;

/**
 * Knows what is under way in this process: calls of a store, and handlers. All else that the
 * runtime does is promise callbacks and timers of its environment, so with a virtual clock nothing
 * happens any more once the callbacks have run and nothing is under way.
 */
export class Activity {
  readonly #calls = new Set<Call>();
  readonly #handling = new Set<Handling>();
  /**
   * Services with a handler that was given up: the runtime runs it again, and the patience must not
   * be spent again. A handler that returns takes its service out.
   */
  readonly #givenUp = new Set<string>();
  /** The first statement that came after its handler had returned, if no call has told it. */
  #stray: OdoriError | undefined;
  /** Counts what begins and ends. */
  #changes = 0;
  /** Calls that wait for the next change: a test may let several things happen at once. */
  readonly #waiting = new Set<() => void>();
  /** How long a handler is waited for, in milliseconds of real time. */
  readonly #patienceMs: number;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** The services of handlers that were waited for in vain. */
  get stuck(): readonly string[] {
    const stuck = [...this.#handling].filter((handling) => handling.stuck);
    return [...new Set(stuck.map(({ service }) => service))];
  }

  /** Waits once more for the handlers that were given up: the test may have helped them. */
  hope(): void {
    for (const handling of this.#handling) handling.stuck = false;
    this.#givenUp.clear();
    this.release();
  }

  /** Waits again for the calls that a handler has held: time has passed, and it was left alone. */
  release(): void {
    for (const call of this.#calls) call.held = false;
  }

  /** Notes a statement that came after its handler had returned, which did nothing. */
  stray(error: OdoriError): void {
    this.#stray ??= error;
    this.#change();
  }

  /** Throws the first stray statement, once: the test would else see rows that are missing. */
  checkStrays(): void {
    const stray = this.#stray;
    this.#stray = undefined;
    if (stray !== undefined) throw stray;
  }

  /** Counts a call of a service's store until it settles. */
  call<T>(service: string, call: Promise<T>): Promise<T> {
    const counted = { service, held: false };
    this.#calls.add(counted);
    this.#change();
    const ended = () => {
      this.#calls.delete(counted);
      this.#change();
    };
    call.then(ended, ended);
    return call;
  }

  /** Runs a handler of a service, and counts it until it has returned. */
  handle<T>(service: string, work: () => T | PromiseLike<T>): T | Promise<T> {
    this.#change();
    const returned = adopt(work());
    if (!(returned instanceof Promise)) return returned;
    const handling = { service, stuck: false };
    this.#handling.add(handling);
    const ended = () => {
      this.#handling.delete(handling);
      this.#givenUp.delete(service);
      this.#change();
    };
    returned.then(ended, ended);
    return returned;
  }

  /** As `handle`. Rejects with `problem` if it was waited for in vain. */
  async inTime<T>(
    service: string,
    work: () => T | PromiseLike<T>,
    problem: () => Error,
  ): Promise<T> {
    this.#change();
    const returned = adopt(work());
    if (!(returned instanceof Promise)) return returned;
    return new Promise((resolve, reject) => {
      const ended = () => {
        this.#handling.delete(handling);
        this.#change();
      };
      const end = () => {
        ended();
        reject(problem());
      };
      const handling = { service, stuck: false, end };
      this.#handling.add(handling);
      returned.then(resolve, reject);
      returned.then(ended, ended);
    });
  }

  /**
   * Resolves once nothing happens any more unless time passes. Needs no timer, except where a
   * handler waits for something outside: then it is given up after the patience of the rehearsal.
   * Returns whether one was.
   */
  async rest(): Promise<boolean> {
    for (;;) {
      await drained();
      const seen = this.#changes;
      if (!this.#busy) {
        // A lane may have let the event loop turn: only another turn tells.
        await turned();
        await drained();
        if (this.#changes === seen) return false;
      } else if (!(await this.#nextChange(seen))) {
        const given = [...this.#handling].filter(({ stuck }) => !stuck);
        for (const handling of given) this.#giveUp(handling);
        // Nothing has happened within the patience: they wait for a handler.
        for (const call of this.#calls) call.held = true;
        for (const { end } of given) end?.();
        if (given.length === 0) return false;
        if (given.some(({ end }) => end === undefined)) return true;
      }
    }
  }

  get #busy(): boolean {
    return this.#awaited.length > 0;
  }

  /** Calls and handlers that are waited for. */
  get #awaited(): readonly { readonly service: string }[] {
    const calls = [...this.#calls].filter(({ held }) => !held);
    return [...calls, ...[...this.#handling].filter(({ stuck }) => !stuck)];
  }

  #giveUp(handling: Handling): void {
    handling.stuck = true;
    if (handling.end === undefined) this.#givenUp.add(handling.service);
  }

  /** How long to wait for the next change, in milliseconds of real time; undefined: for ever. */
  get #waitMs(): number | undefined {
    // A store always replies; a handler may wait for the test.
    if (this.#handling.size === 0) return undefined;
    const first = this.#awaited.some(({ service }) => !this.#givenUp.has(service));
    return first ? this.#patienceMs : this.#patienceMs * AGAIN_SHARE;
  }

  #change(): void {
    this.#changes++;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves with true at the next change, or with false once the patience is over. */
  #nextChange(seen: number): Promise<boolean> {
    if (this.#changes !== seen) return Promise.resolve(true);
    return new Promise((resolve) => {
      const ended = (changed: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve(changed);
      };
      const waitMs = this.#waitMs;
      const timer = waitMs === undefined ? undefined : setTimeout(() => ended(false), waitMs);
      const wake = () => ended(true);
      this.#waiting.add(wake);
    });
  }
}

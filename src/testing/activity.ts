import { nextTick } from "node:process";
// Imported, since a fake clock of the test runner replaces the globals.
import { clearTimeout, setImmediate, setTimeout } from "node:timers";

/** Resolves once no promise callback waits to run. */
const drained = (): Promise<void> => new Promise((resolve) => nextTick(resolve));
/** Resolves once the event loop has turned. */
const turned = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A handler that has been called and has not returned. */
interface Handling {
  /** Whether it was waited for in vain: it waits for what the test itself does. */
  stuck: boolean;
}

/**
 * Knows what is under way in this process: calls of a store, and handlers. All else that the
 * runtime does is promise callbacks and timers of its environment, so with a virtual clock nothing
 * happens any more once the callbacks have run and nothing is under way.
 */
export class Activity {
  #calls = 0;
  readonly #handling = new Set<Handling>();
  /** Counts what begins and ends. */
  #changes = 0;
  #changed: () => void = () => {};
  /** How long a handler is waited for, in milliseconds of real time. */
  readonly #patienceMs: number;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Whether a handler was waited for in vain. */
  get stuck(): boolean {
    return [...this.#handling].some(({ stuck }) => stuck);
  }

  /** Counts a call of a store until it settles. */
  call<T>(call: Promise<T>): Promise<T> {
    this.#calls++;
    this.#change();
    const ended = () => {
      this.#calls--;
      this.#change();
    };
    call.then(ended, ended);
    return call;
  }

  /** Runs a handler, and counts it until it has returned. */
  handle<T>(work: () => T): T {
    this.#change();
    const returned = work();
    if (!(returned instanceof Promise)) return returned;
    const handling = { stuck: false };
    this.#handling.add(handling);
    const ended = () => {
      this.#handling.delete(handling);
      this.#change();
    };
    returned.then(ended, ended);
    return returned;
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
        for (const handling of given) handling.stuck = true;
        return given.length > 0;
      }
    }
  }

  get #busy(): boolean {
    return this.#calls > 0 || [...this.#handling].some(({ stuck }) => !stuck);
  }

  #change(): void {
    this.#changes++;
    this.#changed();
  }

  /** Resolves with true at the next change, or with false once the patience is over. */
  #nextChange(seen: number): Promise<boolean> {
    if (this.#changes !== seen) return Promise.resolve(true);
    return new Promise((resolve) => {
      // A store always replies; a handler may wait for the test.
      const timer =
        this.#handling.size > 0 ? setTimeout(() => resolve(false), this.#patienceMs) : undefined;
      this.#changed = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

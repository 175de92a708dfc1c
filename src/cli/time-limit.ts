import { withinTime } from "../contract/bounded.ts";
import type { OdoriError } from "../contract/errors.ts";

/** Bounds the synchronous work of a command: a document from elsewhere may ask for any amount. */
export class TimeLimit {
  readonly #over: () => OdoriError;
  #millisecondsLeft: number;

  /** `over` makes the error that is thrown when the time is over. */
  constructor(milliseconds: number, over: () => OdoriError) {
    this.#millisecondsLeft = milliseconds;
    this.#over = over;
  }

  /** Runs work in the time that earlier work has left. */
  run<T>(work: () => T): T {
    const began = performance.now();
    const done = this.#millisecondsLeft > 0 ? withinTime(this.#millisecondsLeft, work) : undefined;
    this.#millisecondsLeft -= performance.now() - began;
    if (done === undefined) throw this.#over();
    return done.value;
  }
}

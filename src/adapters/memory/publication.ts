import { refusal } from "../../adapter/publish-results.ts";
import { ACCEPTED, type PublishResult } from "../../ports/bus.ts";

/** One call of `publish`: a promise for all its deliveries. */
export class Publication {
  /** Resolves to the result of each event, once every delivery is acknowledged or refused. */
  readonly answered: Promise<readonly PublishResult[]>;
  readonly #events: number;
  #left: number;
  /** The results of refused events, by their index. */
  #refused: Map<number, PublishResult> | undefined;
  #end: () => void = () => {};

  constructor(events: number, deliveries: number) {
    this.#events = events;
    this.#left = deliveries;
    this.answered = new Promise((resolve) => {
      // Named first: V8 keeps what a function captures that is made in such an assignment.
      const end = () => resolve(this.#results());
      this.#end = end;
    });
  }

  /** Every delivery is handed over: resolves at once if there are none. */
  complete(): void {
    if (this.#left === 0) this.#end();
  }

  acknowledged(): void {
    if (--this.#left === 0) this.#end();
  }

  /** A delivery of the event at `index` was refused. */
  refused(index: number, error: unknown): void {
    this.refuse(index, error);
    this.acknowledged();
  }

  /** The event at `index` is delivered to no group. */
  refuse(index: number, error: unknown): void {
    this.#refused ??= new Map();
    if (!this.#refused.has(index)) this.#refused.set(index, refusal(error));
  }

  #results(): readonly PublishResult[] {
    const results = new Array<PublishResult>(this.#events).fill(ACCEPTED);
    for (const [index, result] of this.#refused ?? []) results[index] = result;
    return results;
  }
}

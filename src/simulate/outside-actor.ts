import type { VirtualClock } from "../virtual/clock.ts";
import type { Actor } from "./actor.ts";

/**
 * Another system at work for a process: it has the time and the chance of the run, and goes on
 * where the process dies.
 */
export class OutsideActor implements Actor {
  readonly name: string;
  readonly dead = false;
  readonly isOutside = true;
  readonly #clock: VirtualClock;
  readonly #caller: Actor;
  readonly #waiting: Set<object>;

  /** `waiting` has one entry for each timer that has not come. */
  constructor(name: string, clock: VirtualClock, caller: Actor, waiting: Set<object>) {
    this.name = name;
    this.#clock = clock;
    this.#caller = caller;
    this.#waiting = waiting;
  }

  now(): number {
    return this.#clock.now;
  }

  random(): number {
    return this.#caller.random();
  }

  uuid(): string {
    return this.#caller.uuid();
  }

  async call<T>(_system: string, effect: () => T): Promise<T> {
    return effect();
  }

  rejected(reason: unknown): void {
    this.#caller.rejected(reason);
  }

  timer(delayMs: number, work: () => void): () => void {
    const wait = {};
    this.#waiting.add(wait);
    const cancel = this.#clock.timer(delayMs, () => {
      this.#waiting.delete(wait);
      work();
    });
    return () => {
      this.#waiting.delete(wait);
      cancel();
    };
  }
}

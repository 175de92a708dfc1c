import type { VirtualClock } from "../virtual/clock.ts";
import { type Actor, running } from "./actor.ts";
import type { Faults } from "./faults.ts";
import { type Move, NO_MOVES } from "./move.ts";
import { OutsideActor } from "./outside-actor.ts";

/** A call of another system that has not been answered. */
interface Call {
  readonly system: string;
  readonly actor: Actor;
  /** What the other system does, once. */
  effect(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/** The other systems of a run, which answer in any order, late, or not at all. */
export class Outside {
  readonly #faults: Faults;
  readonly #note: (text: string) => void;
  readonly #clock: VirtualClock;
  readonly #calls: Call[] = [];
  /** Timers of the other systems. */
  readonly #waiting = new Set<object>();

  constructor(faults: Faults, clock: VirtualClock, note: (text: string) => void) {
    this.#faults = faults;
    this.#clock = clock;
    this.#note = note;
  }

  /** Whether a call is not answered. */
  get called(): boolean {
    return this.#calls.length > 0;
  }

  /** Whether another system has something to do, if only for a process that has died. */
  get busy(): boolean {
    return this.called || this.#waiting.size > 0;
  }

  call<T>(actor: Actor, system: string, effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let answer: { readonly value: T } | undefined;
      this.#calls.push({
        system,
        actor,
        effect: () => {
          const value = running.run(
            new OutsideActor(system, this.#clock, actor, this.#waiting),
            effect,
          );
          // Where the answer is lost, so is that it is an error.
          if (value instanceof Promise) value.catch(() => {});
          answer = { value };
        },
        resolve: () => answer !== undefined && resolve(answer.value),
        reject,
      });
    });
  }

  /** The calls that may be answered next. */
  moves(): readonly Move[] {
    if (this.#calls.length === 0) return NO_MOVES;
    return this.#calls.map((call) => ({ perform: () => this.#answer(call) }));
  }

  #answer(call: Call): void {
    const { system, actor } = call;
    this.#calls.splice(this.#calls.indexOf(call), 1);
    const fate = this.#faults.call(system);
    if (fate === "unreachable") {
      if (!actor.dead) call.reject(new Error(`The simulated ${system} cannot be reached.`));
      return;
    }
    try {
      call.effect();
    } catch (error) {
      if (!actor.dead) call.reject(error);
      return;
    }
    // The process that has called it may have died meanwhile.
    if (actor.dead) this.#note(`${system} has done it, and ${actor.name} is dead`);
    else if (fate === "answered") {
      this.#note(`${system} answers ${actor.name}`);
      call.resolve();
    } else call.reject(new Error(`The answer of the simulated ${system} is lost.`));
  }
}

/**
 * Stands in for a call of another system, such as a payment gateway. In a simulation it is answered
 * when the run likes. It may fail: with nothing done, or with `effect` done and the answer lost.
 * Elsewhere it is answered at once.
 *
 * @example
 * ```ts
 * import { standIn } from "odori/simulate";
 *
 * const charged = new Set<string>();
 * const gateway = {
 *   charge: (idempotencyKey: string) =>
 *     standIn("gateway", () => void charged.add(idempotencyKey)),
 * };
 * await gateway.charge("o-1");
 * ```
 */
export async function standIn<T>(system: string, effect: () => T): Promise<T> {
  const actor = running.getStore();
  return actor === undefined ? effect() : actor.call(system, effect);
}

import type { Actor } from "./actor.ts";
import type { Draws } from "./draw.ts";
import type { RunParts } from "./run-parts.ts";

/** Different numbers that `given` may draw past its parameters. */
const CHANCES = 0x1_0000;

/** The run itself, while `given` says what begins: time and chance are those of the run. */
export class GivenActor<Native> implements Actor {
  readonly name = "given";
  readonly dead = false;
  readonly #run: RunParts<Native>;
  readonly #draws: Draws;
  #ids = 0;

  constructor(run: RunParts<Native>, draws: Draws) {
    this.#run = run;
    this.#draws = draws;
  }

  now(): number {
    return this.#run.clock.now;
  }

  random(): number {
    return this.#draws.int(0, CHANCES - 1) / CHANCES;
  }

  uuid(): string {
    return `00000000-0000-4000-8000-${(++this.#ids).toString(16).padStart(12, "0")}`;
  }

  async call<T>(_system: string, effect: () => T): Promise<T> {
    return effect();
  }

  timer(delayMs: number, work: () => void): () => void {
    return this.#run.clock.timer(delayMs, work, this);
  }

  rejected(reason: unknown): void {
    this.#run.rejected(reason);
  }
}

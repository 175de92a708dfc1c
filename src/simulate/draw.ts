import { OdoriError } from "../contract/errors.ts";
import type { Decisions, Site } from "./decisions.ts";

/** Something that generates values by a random generator, as an arbitrary of fast-check does. */
export interface ValueSource<T> {
  generate(random: never, bias: number | undefined): { readonly value: T };
}

/** Draws what differs between the runs. Each draw is a decision, whose calm choice is the first. */
export interface Draw {
  /** A whole number from `from` to `to`, both included. Throws `OPTION_INVALID` without one. */
  int(from: number, to: number): number;
  pick<T>(of: readonly [T, ...T[]]): T;
  pick<T>(of: readonly T[]): T | undefined;
  /** True with a probability in percent. */
  chance(percent: number): boolean;
  /** A value of an arbitrary of fast-check. */
  from<T>(arbitrary: ValueSource<T>): T;
}

/** Draws by the decisions of a run, at one site. */
export class Draws implements Draw {
  readonly #decisions: Decisions;
  readonly #site: Site;

  constructor(decisions: Decisions, site: Site) {
    this.#decisions = decisions;
    this.#site = site;
  }

  int(from: number, to: number): number {
    if (!Number.isSafeInteger(from) || !(to >= from && to <= Number.MAX_SAFE_INTEGER))
      throw new OdoriError("OPTION_INVALID", `\`int(${from}, ${to})\` has no numbers to draw.`, {
        hint: "It takes a whole number, and another that is not below it.",
      });
    return from + this.#below(Math.max(1, Math.floor(to) - from + 1));
  }

  pick<T>(of: readonly [T, ...T[]]): T;
  pick<T>(of: readonly T[]): T | undefined;
  pick<T>(of: readonly T[]): T | undefined {
    return of[this.#below(of.length)];
  }

  chance(percent: number): boolean {
    return this.#decisions.chance(this.#site, percent / 100);
  }

  from<T>(arbitrary: ValueSource<T>): T {
    const generator = new DecidedRandom((ways) => this.#below(ways));
    const { value }: { readonly value: T } = Reflect.apply(arbitrary.generate, arbitrary, [
      generator,
      undefined,
    ]);
    return value;
  }

  #below(ways: number): number {
    if (ways < 2) return 0;
    return this.#decisions.decide(this.#site, ways, () => this.#decisions.below(ways));
  }
}

const WORD = 2 ** 32;

/** The generator that fast-check's arbitraries draw from, over decisions. */
class DecidedRandom {
  readonly #below: (ways: number) => number;

  constructor(below: (ways: number) => number) {
    this.#below = below;
  }

  clone(): DecidedRandom {
    return this;
  }

  next(bits: number): number {
    return this.#below(2 ** bits);
  }

  nextBoolean(): boolean {
    return this.#below(2) === 1;
  }

  nextInt(min: number = -(2 ** 31), max: number = 2 ** 31 - 1): number {
    return min + this.#below(max - min + 1);
  }

  nextBigInt(min: bigint, max: bigint): bigint {
    const ways = max - min + 1n;
    let value = 0n;
    for (let rest = ways; rest > 0n; rest /= BigInt(WORD))
      value = value * BigInt(WORD) + BigInt(this.#below(WORD));
    return min + (value % ways);
  }

  nextDouble(): number {
    return this.#below(WORD) / WORD;
  }

  getState(): readonly number[] {
    return [];
  }
}

import { hasPivot, onlyTravels } from "./merge.ts";
import type { ArrivalSource, Model, ModelReaction, TransitionSource } from "./model.ts";
import { isAwaited, isClosed } from "./rulings.ts";

/**
 * Says which events from outside may come in a state. One that only waits for its hearers may as
 * well come later: when one of them does something with it.
 */
export class Arrivals {
  /** By byte of a gathered event: its join. */
  readonly joinAt: ReadonlyMap<number, ModelReaction>;
  /** What hears an arrival and changes nothing, which it does at any time. */
  readonly sinks: readonly ModelReaction[];
  readonly #all: readonly ArrivalSource[];
  readonly #postponable: ReadonlySet<ArrivalSource>;

  constructor(model: Model) {
    const { sources, reductions } = model;
    const repeats = sources.some(({ kind }) => kind === "repeat");
    const pivots = hasPivot(model);
    this.#all = sources.filter((source) => source.kind === "arrival");
    this.#postponable = new Set(
      reductions.arrivals && !repeats
        ? this.#all.filter(({ emits }) => onlyTravels(emits, pivots))
        : [],
    );
    this.sinks = [...this.#postponable].flatMap(({ emits }) => emits.flatMap(({ sinks }) => sinks));
    this.joinAt = new Map(
      sources
        .filter((source) => source.kind === "join")
        .flatMap(({ reaction }) =>
          reaction.optional.map((_, part) => [reaction.gatherAt + part, reaction] as const),
        ),
    );
  }

  /** Adds the arrivals that may come now. */
  listIn(state: Uint8Array, possible: TransitionSource[]): void {
    for (const arrival of this.#all)
      if (state[arrival.at] === 0 && this.#mayCome(state, arrival)) possible.push(arrival);
  }

  #mayCome(state: Uint8Array, arrival: ArrivalSource): boolean {
    if (!this.#postponable.has(arrival)) return true;
    return arrival.emits.some(
      ({ sources, gathers }) =>
        sources.some((source) => isAwaited(state, source)) ||
        gathers.some((at) => this.#isLast(state, at)),
    );
  }

  /** Tells whether a join lacks nothing but one event. */
  #isLast(state: Uint8Array, at: number): boolean {
    const reaction = this.joinAt.get(at);
    if (reaction === undefined || isClosed(state, reaction)) return false;
    const { gatherAt, parts, optional } = reaction;
    for (let part = 0; part < parts; part++)
      if (gatherAt + part !== at && state[gatherAt + part] === 0 && !optional[part]) return false;
    return true;
  }
}

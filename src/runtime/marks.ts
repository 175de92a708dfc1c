import type { Received } from "../ports/bookkeeping.ts";

/** The marks of one saga, as `receive` returned them, by name. */
export class Marks {
  readonly #states: ReadonlyMap<string, string | undefined>;

  /** `names` are those that the receipt asked for, in its order. */
  constructor(names: readonly string[], received: Pick<Received, "marks">) {
    this.#states = new Map(names.map((name, index) => [name, received.marks[index]]));
  }

  /** Returns the state of a mark; undefined for one that does not exist, or has no name. */
  of(name: string | undefined): string | undefined {
    return name === undefined ? undefined : this.#states.get(name);
  }
}

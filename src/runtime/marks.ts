import { parseMark } from "../contract/names.ts";
import type { Received } from "../ports/bookkeeping.ts";

/** The marks of one saga, by name. */
export class Marks {
  readonly #states: ReadonlyMap<string, string>;

  constructor(received: Pick<Received, "marks">) {
    this.#states = received.marks;
  }

  /** Returns the state of a mark; undefined for one that does not exist, or has no name. */
  of(name: string | undefined): string | undefined {
    return name === undefined ? undefined : this.#states.get(name);
  }

  /** Returns the names of the marks that these effects have with a key. */
  keyed(effects: readonly string[]): readonly string[] {
    return [...this.#states.keys()].filter((mark) => {
      const { kind, name, key } = parseMark(mark);
      return kind === "effect" && key !== undefined && effects.includes(name);
    });
  }
}

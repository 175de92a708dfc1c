import { hash } from "node:crypto";

/** Most prepared statements of handlers: each needs memory in every connection. */
const STATEMENTS_MAX = 200;
/** Most texts to remember; then all are forgotten. */
const COUNTED_MAX = 1_000;

/** Names repeated statements of handlers, so that each connection parses them once. */
export class PreparedNames {
  readonly #names = new Map<string, string>();
  #seen = new Set<string>();

  /**
   * Returns the name under which to prepare a statement; undefined the first time, since a text
   * that contains its values does not repeat.
   */
  of(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= STATEMENTS_MAX) return known;
    if (!this.#seen.has(text)) {
      if (this.#seen.size >= COUNTED_MAX) this.#seen = new Set();
      this.#seen.add(text);
      return undefined;
    }
    this.#seen.delete(text);
    // A hash of the text: behind a pooler, services share connections.
    const name = `odori_${hash("sha1", text, "hex")}`;
    this.#names.set(text, name);
    return name;
  }
}

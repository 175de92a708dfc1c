import { hash } from "node:crypto";

/**
 * Statements of the users that are kept prepared, at most: each takes memory in every connection.
 */
const STATEMENTS_MAX = 200;
/** Texts whose use is counted; then the count begins anew. */
const COUNTED_MAX = 1_000;

/**
 * Names the statements that handlers repeat, so that the server parses and plans them once for each
 * connection.
 */
export class PreparedNames {
  readonly #names = new Map<string, string>();
  #seen = new Set<string>();

  /**
   * The name under which to prepare it; undefined for what was not seen before, such as a text with
   * its values written into it.
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
    // By its text: behind a pooler another service may use the same connection.
    const name = `odori_${hash("sha1", text, "hex")}`;
    this.#names.set(text, name);
    return name;
  }
}

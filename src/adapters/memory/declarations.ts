import type { Declarations, StoredDeclaration } from "../../ports/declarations.ts";
import type { MemoryDatabase } from "./database.ts";

/** The declarations that a memory store has been run with. */
export class MemoryDeclarations implements Declarations {
  readonly #database: MemoryDatabase;
  readonly #now: () => number;

  constructor(database: MemoryDatabase, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async all(): Promise<readonly StoredDeclaration[]> {
    return [...this.#database.declarations.values()].sort((a, b) => b.lastAt - a.lastAt);
  }

  put(declaration: Pick<StoredDeclaration, "fingerprint" | "manifest">): Promise<void> {
    const { fingerprint, manifest } = declaration;
    return this.#database.exclusive(() => {
      const lastAt = this.#now();
      const known = this.#database.declarations.get(fingerprint);
      const firstAt = known?.firstAt ?? lastAt;
      this.#database.declarations.set(fingerprint, { fingerprint, manifest, firstAt, lastAt });
    });
  }
}

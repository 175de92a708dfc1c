import { toDeclaration } from "../../adapter/rows.ts";
import type { Declarations, StoredDeclaration } from "../../ports/declarations.ts";
import type { Access } from "./inspect.ts";

const ALL = "SELECT * FROM odori_declaration ORDER BY last_at DESC, fingerprint";
const PUT = `INSERT INTO odori_declaration (fingerprint, manifest, first_at, last_at)
  VALUES (?1, ?2, ?3, ?3) ON CONFLICT DO UPDATE SET last_at = excluded.last_at`;

/** The declarations that versions of the service have run with. */
export class SqliteDeclarations implements Declarations {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  all(): Promise<readonly StoredDeclaration[]> {
    return this.#access.read((sql) => sql.all(ALL).map(toDeclaration));
  }

  async put(declaration: Pick<StoredDeclaration, "fingerprint" | "manifest">): Promise<void> {
    const { fingerprint, manifest } = declaration;
    await this.#access.write((sql) => sql.run(PUT, fingerprint, manifest, this.#access.now()));
  }
}

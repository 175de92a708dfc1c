import { toDeclaration } from "../../adapter/rows.ts";
import type { Declarations, StoredDeclaration } from "../../ports/declarations.ts";
import type { Access } from "./inspect.ts";
import type { Statements } from "./statements.ts";

/** The declarations that versions of the service have run with. */
export class PostgresDeclarations implements Declarations {
  readonly #access: Access;
  readonly #statements: Statements;

  constructor(access: Access, statements: Statements) {
    this.#access = access;
    this.#statements = statements;
  }

  all(): Promise<readonly StoredDeclaration[]> {
    return this.#access.read(async (books) =>
      (await books.run(this.#statements.declarations, [])).map(toDeclaration),
    );
  }

  async put(declaration: Pick<StoredDeclaration, "fingerprint" | "manifest">): Promise<void> {
    const { fingerprint, manifest } = declaration;
    await this.#access.write((books) =>
      books.run(this.#statements.declare, [fingerprint, manifest]),
    );
  }
}

import { callersScope } from "../../adapter/callers-scope.ts";
import { Sends } from "../../adapter/sends.ts";
import type { StoreTransaction } from "../../ports/transaction.ts";
import type { Sql, SqlClient, SqlResult } from "./native.ts";
import { joined } from "./sql.ts";
import type { Statements } from "./statements.ts";
import { PostgresTransaction } from "./transaction.ts";

/** The bookkeeping in a transaction of the caller's own. */
export function joinedTransaction(
  client: SqlClient,
  statements: Statements,
  fingerprint: string | undefined,
): StoreTransaction<Sql> {
  const native = new JoinedSql(client);
  return new PostgresTransaction({
    native,
    books: joined(client),
    statements,
    owner: null,
    fingerprint,
    waits: true,
    scope: () => callersScope(native, () => native.sent()),
  });
}

/** The caller's own transaction, as what `begin` runs in it writes through it. */
class JoinedSql implements Sql {
  readonly #client: SqlClient;
  readonly #sends = new Sends();

  constructor(client: SqlClient) {
    this.#client = client;
  }

  query(text: string, values?: readonly unknown[]): Promise<SqlResult> {
    return this.#client.query(text, values);
  }

  send(text: string, values?: readonly unknown[]): void {
    this.#sends.add(this.query(text, values));
  }

  sent(): Promise<void> | undefined {
    return this.#sends.ended();
  }
}

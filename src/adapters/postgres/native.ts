/* What handlers see. It needs no types of `pg`, which a simulation may be without. */

/** A row, by column name. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** The result of a statement. */
export interface SqlResult {
  readonly rows: readonly SqlRow[];
  /** How many rows the statement changed or returned. */
  readonly rowCount: number | null;
}

/**
 * Your own transaction, which `begin` joins with `within`. A client of `pg` is one; `fromKysely`
 * and its siblings wrap those of other libraries.
 *
 * @example
 * ```ts
 * import type { SqlClient } from "odori/postgres";
 *
 * async function isPaid(client: SqlClient, orderId: string) {
 *   const { rows } = await client.query("SELECT 1 FROM charges WHERE order_id = $1", [orderId]);
 *   return rows.length > 0;
 * }
 * ```
 */
export interface SqlClient {
  query(text: string, values?: readonly unknown[]): Promise<SqlResult>;
}

/**
 * Runs the statements of handlers.
 *
 * @example
 * ```ts
 * import type { Sql } from "odori/postgres";
 *
 * async function amountOf(tx: Sql, orderId: string) {
 *   const { rows } = await tx.query("SELECT amount FROM charges WHERE order_id = $1", [orderId]);
 *   return rows[0]?.amount;
 * }
 * ```
 */
export interface Sql extends SqlClient {
  /** As `send` of `Tx`: its failure is the delivery's. */
  send(text: string, values?: readonly unknown[]): void;
}

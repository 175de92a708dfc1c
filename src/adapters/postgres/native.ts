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
 * Runs the statements of handlers, or of your own transaction that `begin` joins. A client of `pg`
 * is one; `fromKysely` and its siblings wrap those of other libraries.
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
export interface Sql {
  query(text: string, values?: readonly unknown[]): Promise<SqlResult>;
}

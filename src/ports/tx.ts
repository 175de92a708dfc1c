/** The result of a statement of `Tx`. */
export interface TxResult {
  /** The rows, by column name. None for several statements at once. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** How many rows the statement changed or returned. */
  readonly rowCount: number | null;
}

/**
 * The transaction of a handler on any SQL store: `sqlite` and `postgres` both have it, so a service
 * with handlers of `Tx` starts on either. Each value has its place as `$1`, `$2`.
 *
 * Without values, the text may be several statements. What the database itself does differently
 * stays: SQLite returns a boolean as 0 or 1, and Postgres a `bigint` as text.
 *
 * @example
 * ```ts
 * import type { Tx } from "odori";
 *
 * async function amountOf(tx: Tx, orderId: string) {
 *   const { rows } = await tx.query("SELECT amount FROM charges WHERE order_id = $1", [orderId]);
 *   return rows[0]?.amount;
 * }
 * ```
 */
export interface Tx {
  /** Runs a statement. Await each call: else the delivery fails with `STATEMENT_NOT_AWAITED`. */
  query(text: string, values?: readonly unknown[]): Promise<TxResult>;
  /**
   * Runs a statement whose result the handler does not need, such as an INSERT. Nothing is awaited,
   * so that several of them, and the work of other handlers, share a round trip. If it fails, the
   * delivery fails with its error, and later statements of the handler do as well: to catch the
   * error, such as that of a key that exists, use `query`.
   */
  send(text: string, values?: readonly unknown[]): void;
}

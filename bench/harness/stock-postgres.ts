import { piecesOf, type Sales, type Stock, skuOf } from "./stock.ts";

/** Something that runs SQL in the transaction of a step. */
export interface StepSql {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}

/** The stock of the service `inventory`. Its schema must be there. */
export async function createStock(sql: StepSql, stock: Stock): Promise<void> {
  await sql.query(
    "CREATE TABLE inventory.stock (sku text PRIMARY KEY, pieces int NOT NULL) WITH (fillfactor=50)",
    [],
  );
  await sql.query("CREATE TABLE inventory.sold (sku text NOT NULL, order_id text NOT NULL)", []);
  await sql.query("INSERT INTO inventory.stock SELECT unnest($1::text[]), $2::int", [
    [...piecesOf(stock).keys()],
    stock.pieces,
  ]);
}

/**
 * Reads, checks and writes, as a handler does whose rule is more than one statement can say. The
 * row is locked by the look: at READ COMMITTED, which all contestants run at, two that look at the
 * same time would sell one piece twice. What it writes need not be awaited one by one: `write` is
 * how the contestant sends it.
 */
export async function takePiece(
  sql: StepSql,
  orderId: string,
  stock: Stock,
  write: (text: string, values: unknown[]) => unknown = (text, values) => sql.query(text, values),
): Promise<void> {
  const sku = skuOf(orderId, stock);
  const look = "SELECT pieces FROM inventory.stock WHERE sku = $1 FOR UPDATE";
  const pieces = Number((await sql.query(look, [sku])).rows[0]?.pieces);
  if (pieces < 1) return;
  await Promise.all([
    write("UPDATE inventory.stock SET pieces = $2 WHERE sku = $1", [sku, pieces - 1]),
    write("INSERT INTO inventory.sold VALUES ($1, $2)", [sku, orderId]),
  ]);
}

export async function salesOf(sql: StepSql): Promise<Sales> {
  const left = await sql.query("SELECT sku, pieces FROM inventory.stock", []);
  const sold = await sql.query("SELECT sku, order_id FROM inventory.sold", []);
  return {
    left: new Map(left.rows.map(({ sku, pieces }) => [String(sku), Number(pieces)])),
    sold: sold.rows.map(({ sku, order_id }) => ({ sku: String(sku), order: String(order_id) })),
  };
}

/** The contended workload: a few articles, of which there are fewer pieces than orders. */
export interface Stock {
  readonly articles: number;
  /** Pieces of each article. */
  readonly pieces: number;
}

/** What was sold, read when all sagas have finished. */
export interface Sales {
  /** Pieces left of each article. */
  readonly left: ReadonlyMap<string, number>;
  /** One for each piece sold. Without a unique constraint, a double shows. */
  readonly sold: readonly { readonly sku: string; readonly order: string }[];
}

/** The stock as it begins: pieces of each article. */
export function piecesOf({ articles, pieces }: Stock): ReadonlyMap<string, number> {
  return new Map(Array.from({ length: articles }, (_, n) => [`article ${n}`, pieces]));
}

/** The article that an order wants. Order ids are random, so neighbours want different ones. */
export function skuOf(orderId: string, { articles }: Stock): string {
  let sum = 0;
  for (const letter of orderId) sum = (sum * 31 + letter.charCodeAt(0)) % 1_000_003;
  return `article ${sum % articles}`;
}

/**
 * Throws unless every piece of the stock is left or was sold once, and, where the orders are known,
 * no order was refused a piece that was there.
 */
export function audit(
  { left, sold }: Sales,
  stock: ReadonlyMap<string, number>,
  orderIds?: readonly string[],
): void {
  const orders = new Set(sold.map(({ order }) => order));
  const wrong: string[] = [];
  if (orders.size !== sold.length) wrong.push(`${sold.length - orders.size} sold twice`);
  const wanted = new Map<string, number>();
  const plan = { articles: stock.size, pieces: 0 };
  for (const orderId of orderIds ?? []) {
    const sku = skuOf(orderId, plan);
    wanted.set(sku, (wanted.get(sku) ?? 0) + 1);
  }
  let oversold = 0;
  for (const [sku, pieces] of stock) {
    const gone = sold.filter((sale) => sale.sku === sku).length;
    const rest = left.get(sku) ?? Number.NaN;
    oversold += Math.max(0, gone - pieces);
    if (!(rest >= 0) || gone + rest !== pieces)
      wrong.push(`${sku}: ${pieces} in stock, ${gone} sold, ${rest} left`);
    const least = orderIds === undefined ? 0 : Math.min(pieces, wanted.get(sku) ?? 0);
    if (gone < least) wrong.push(`${sku}: ${gone} sold where ${least} were wanted`);
  }
  if (wrong.length > 0) throw new Error(`${oversold} oversold pieces; ${wrong.join("; ")}`);
}

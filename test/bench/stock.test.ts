import { expect, test } from "vitest";
import { audit, piecesOf, skuOf } from "../../bench/harness/stock.ts";

const plan = { articles: 2, pieces: 1 };
const stock = piecesOf(plan);
/** An order that wants this article, as the search from `n` finds it. */
function orderOf(sku: string, n = 0): string {
  return skuOf(`o-${n}`, plan) === sku ? `o-${n}` : orderOf(sku, n + 1);
}
const first = orderOf("article 0");
const second = orderOf("article 0", Number(first.slice(2)) + 1);
const other = orderOf("article 1");
const sold = (...orders: readonly string[]) =>
  orders.map((order) => ({ order, sku: skuOf(order, plan) }));
const left = (one: number, two: number) =>
  new Map([
    ["article 0", one],
    ["article 1", two],
  ]);

test("an audit passes where each piece was sold once, and the last order found nothing", () => {
  audit({ left: left(0, 0), sold: sold(first, other) }, stock, [first, second, other]);
});

test("an audit counts the pieces that were sold beyond the stock", () => {
  const sales = { left: left(0, 0), sold: sold(first, second, other) };
  expect(() => audit(sales, stock, [first, second, other])).toThrow(/^1 oversold pieces/);
});

test("an audit sees a piece that one order got twice", () => {
  const sales = { left: left(0, 0), sold: sold(first, other, other) };
  expect(() => audit(sales, stock)).toThrow(/1 sold twice/);
});

test("an audit sees that an order was refused a piece that was there", () => {
  const sales = { left: left(0, 1), sold: sold(first) };
  expect(() => audit(sales, stock, [first, other])).toThrow(
    /article 1: 0 sold where 1 were wanted/,
  );
});

test("an audit sees a stock that lost a piece", () => {
  expect(() => audit({ left: left(1, 0), sold: [] }, stock)).toThrow(
    /article 1: 1 in stock, 0 sold/,
  );
});

import type { Databases } from "./database.ts";
import { STOCK } from "./inventory.ts";

/**
 * What stands in the books of the four services, read with plain SQL: nothing of Odori's is used or
 * believed.
 */
export interface Audit {
  readonly completed: number;
  readonly cancelled: number;
  readonly open: readonly string[];
  readonly chargedCents: number;
  readonly refundedCents: number;
  /** Pieces set aside for completed orders. */
  readonly reserved: number;
  readonly shipments: number;
  /** What does not add up; empty when everything does. */
  readonly violations: readonly string[];
}

interface Books {
  readonly charges: number;
  readonly refunds: number;
  readonly balanceCents: number;
  readonly reservations: number;
  readonly shipments: number;
}

const NOTHING: Books = { charges: 0, refunds: 0, balanceCents: 0, reservations: 0, shipments: 0 };

export async function audit(databases: Databases): Promise<Audit> {
  const orders = await databases.read("order", "SELECT order_id, amount_cents, state FROM orders");
  const ledger = await databases.read("payment", "SELECT order_id, kind, cents FROM ledger");
  const reservations = await databases.read(
    "inventory",
    "SELECT order_id, sku, quantity FROM reservations",
  );
  const stock = await databases.read("inventory", "SELECT sku, available FROM stock");
  const shipments = await databases.read("shipping", "SELECT order_id FROM shipments");

  const books = new Map<string, Books>();
  const add = (orderId: unknown, change: (before: Books) => Books) => {
    const key = String(orderId);
    books.set(key, change(books.get(key) ?? NOTHING));
  };
  for (const { order_id, kind, cents } of ledger) {
    if (kind === "charge")
      add(order_id, (b) => ({
        ...b,
        charges: b.charges + 1,
        balanceCents: b.balanceCents + Number(cents),
      }));
    else
      add(order_id, (b) => ({
        ...b,
        refunds: b.refunds + 1,
        balanceCents: b.balanceCents - Number(cents),
      }));
  }
  for (const { order_id } of reservations)
    add(order_id, (b) => ({ ...b, reservations: b.reservations + 1 }));
  for (const { order_id } of shipments)
    add(order_id, (b) => ({ ...b, shipments: b.shipments + 1 }));

  const violations: string[] = [];
  const known = new Set(orders.map((order) => String(order.order_id)));
  for (const orderId of books.keys())
    if (!known.has(orderId)) violations.push(`${orderId} is in the books, but was never placed`);
  for (const { order_id, amount_cents, state } of orders) {
    const found = books.get(String(order_id)) ?? NOTHING;
    const wrong = wrongIn(String(state), Number(amount_cents), found);
    if (wrong !== undefined) violations.push(`${order_id} is ${state}, but has ${wrong}`);
  }
  for (const [sku, initial] of Object.entries(STOCK)) {
    const available = Number(stock.find((row) => row.sku === sku)?.available);
    const aside = sum(reservations.filter((row) => row.sku === sku).map((row) => row.quantity));
    if (available + aside !== initial)
      violations.push(`${sku}: ${available} available and ${aside} set aside are not ${initial}`);
  }
  const count = (state: string) => orders.filter((order) => order.state === state).length;
  const cents = (kind: string) =>
    sum(ledger.filter((entry) => entry.kind === kind).map((entry) => entry.cents));
  return {
    completed: count("completed"),
    cancelled: count("cancelled"),
    open: orders.filter((order) => order.state === "placed").map((order) => String(order.order_id)),
    chargedCents: cents("charge"),
    refundedCents: cents("refund"),
    reserved: sum(reservations.map((row) => row.quantity)),
    shipments: shipments.length,
    violations,
  };
}

/**
 * A completed order has one of everything, a cancelled one nothing that is left; an open one may be
 * anywhere between.
 */
function wrongIn(state: string, amountCents: number, found: Books): string | undefined {
  const { charges, refunds, balanceCents, reservations, shipments } = found;
  const fine =
    state === "placed" ||
    (state === "completed" &&
      charges === 1 &&
      refunds === 0 &&
      balanceCents === amountCents &&
      reservations === 1 &&
      shipments === 1) ||
    (state === "cancelled" &&
      charges === refunds &&
      charges <= 1 &&
      balanceCents === 0 &&
      reservations === 0 &&
      shipments === 0);
  if (fine) return undefined;
  const money = `${charges} charges, ${refunds} refunds, ${balanceCents} cents`;
  return `${money}, ${reservations} reservations, ${shipments} shipments`;
}

function sum(values: readonly unknown[]): number {
  return values.reduce<number>((total, value) => total + Number(value), 0);
}

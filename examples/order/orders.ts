import { LIMIT_CENTS } from "./payment.ts";
import { UNREACHABLE } from "./shipping.ts";

export interface Order {
  readonly orderId: string;
  readonly amountCents: number;
  readonly sku: string;
  readonly quantity: number;
  readonly destination: string;
}

const GOODS = ["kimono", "fan", "drum"];
const PLACES = ["Kyoto", "Naha", "Sapporo", "Tokushima"];

/**
 * Where an order is bound to fail: the customer has no such limit, the goods are not in stock, no
 * carrier goes there.
 */
const FAILURES: readonly ((order: Order) => Order)[] = [
  (order) => ({ ...order, destination: UNREACHABLE }),
  (order) => ({ ...order, sku: "moon" }),
  (order) => ({ ...order, amountCents: LIMIT_CENTS + order.amountCents }),
];

/**
 * Orders `first`, `first + 1`, …: the share `failRate` of them fails, at each of the three places
 * in turn. The same numbers, the same orders.
 */
export function makeOrders(first: number, count: number, failRate: number): readonly Order[] {
  const failing = Math.round(count * failRate);
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const order: Order = {
      orderId: `order-${String(number).padStart(6, "0")}`,
      amountCents: 500 + ((number * 7_919) % 50_000),
      sku: GOODS[number % GOODS.length] ?? "fan",
      quantity: 1 + (number % 3),
      destination: PLACES[number % PLACES.length] ?? "Kyoto",
    };
    // Spread evenly: the n-th failure comes when n times the rate is reached.
    const before = Math.floor((index * failing) / count);
    const after = Math.floor(((index + 1) * failing) / count);
    const fail = after > before ? FAILURES[before % FAILURES.length] : undefined;
    return fail === undefined ? order : fail(order);
  });
}

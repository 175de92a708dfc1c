export interface Order {
  readonly orderId: string;
  readonly cents: number;
  readonly sku: string;
  readonly destination: string;
}

/** The most that one order may cost. */
export const LIMIT_CENTS = 10_000;
/** There is none of it. */
export const NO_STOCK = "moon";
/** No carrier goes there. */
export const UNREACHABLE = "Atlantis";
/** The carrier that goes there does not reply. */
export const SILENT = "Limbo";

/** The order of a number. Each tenth fails at one of four places; each is a kind of its own. */
export function orderOf(number: number): Order {
  const cents = 100 + (number % 50);
  const orderId = `order-${number}`;
  switch (number % 10) {
    case 0:
      return { orderId, cents, sku: NO_STOCK, destination: "Kyoto" };
    case 3:
      return { orderId, cents, sku: "fan", destination: UNREACHABLE };
    case 5:
      return { orderId, cents: LIMIT_CENTS + cents, sku: "fan", destination: "Kyoto" };
    case 7:
      return { orderId, cents, sku: "fan", destination: SILENT };
    default:
      return { orderId, cents, sku: "fan", destination: "Naha" };
  }
}

/** Orders whose payment, or whose reservation, fails in the first attempts. */
export function isFlaky(orderId: string, every: number): boolean {
  return Number(orderId.slice("order-".length)) % every === 1;
}

/** Whether an order is bound to fail. */
export function isDoomed({ cents, sku, destination }: Order): boolean {
  return (
    cents > LIMIT_CENTS || sku === NO_STOCK || destination === UNREACHABLE || destination === SILENT
  );
}

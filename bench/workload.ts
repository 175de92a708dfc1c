import { event, service } from "odori";
import { z } from "zod";

/** The order saga without failures: four steps, each one local transaction with inbox, one business row and outbox. */
const orderId = z.string();
const placed = event("order.placed.v1", z.object({ orderId, amount: z.int() }));
const authorized = event("payment.authorized.v1", z.object({ orderId, paymentId: z.string() }));
const reserved = event("inventory.reserved.v1", z.object({ orderId, reservationId: z.string() }));
const requested = event("shipping.requested.v1", z.object({ orderId, shipmentId: z.string() }));

export const SERVICES = ["orders", "payment", "inventory", "shipping"] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Writes the one business row of a step. */
export type WriteRow<Native> = (tx: Native, service: ServiceName, orderId: string) => void;

/** The four services over any store. */
export function orderSaga<Native>(write: WriteRow<Native>, setup: (tx: Native) => void, finished: (orderId: string) => void) {
  return {
    order: service<Native>("orders", { setup }).begins(placed),
    payment: service<Native>("payment", { setup }).on(placed, {
      emits: [authorized],
      handle({ data }, { tx }) {
        write(tx, "payment", data.orderId);
        return authorized({ orderId: data.orderId, paymentId: `p-${data.orderId}` });
      },
    }),
    inventory: service<Native>("inventory", { setup }).on(authorized, {
      emits: [reserved],
      handle({ data }, { tx }) {
        write(tx, "inventory", data.orderId);
        return reserved({ orderId: data.orderId, reservationId: `r-${data.orderId}` });
      },
    }),
    shipping: service<Native>("shipping", { setup }).on(reserved, {
      emits: [requested],
      handle({ data }, { tx }) {
        write(tx, "shipping", data.orderId);
        finished(data.orderId);
        return requested({ orderId: data.orderId, shipmentId: `s-${data.orderId}` });
      },
    }),
    placed,
  };
}

/** What one round of a contestant measured. */
export interface Round {
  readonly sagasPerSecond: number;
  readonly cpuMsPerSaga: number;
}

export interface Contestant {
  readonly name: string;
  readonly durability: string;
  /** Runs `sagas` sagas to their end, and throws unless every row is there exactly once. */
  run(sagas: number): Promise<Round>;
}

/** Times `work` by the wall clock and by the processor. */
export async function timed(sagas: number, work: () => Promise<void>): Promise<Round> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const used = process.cpuUsage(cpu);
  return { sagasPerSecond: sagas / (ms / 1000), cpuMsPerSaga: (used.user + used.system) / 1000 / sagas };
}

export function verify(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what}: ${found} rows instead of ${expected}`);
}

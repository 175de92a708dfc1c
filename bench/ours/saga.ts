import { event, service } from "odori";
import { z } from "zod";
import type { ServiceName } from "../harness/contestant.ts";

const orderId = z.string();
const placed = event("order.placed.v1", z.object({ orderId, amount: z.int() }));
const authorized = event("payment.authorized.v1", z.object({ orderId, paymentId: z.string() }));
const reserved = event("inventory.reserved.v1", z.object({ orderId, reservationId: z.string() }));
const requested = event("shipping.requested.v1", z.object({ orderId, shipmentId: z.string() }));

/** Writes the one business row of a step. */
export type WriteRow<Native> = (
  tx: Native,
  service: ServiceName,
  orderId: string,
) => Promise<unknown> | void;

/**
 * Returns the fact once the row is written. It is not a promise where writing is synchronous, as in
 * a handler over SQLite.
 */
function then<Fact>(written: Promise<unknown> | void, fact: () => Fact): Fact | Promise<Fact> {
  return written instanceof Promise ? written.then(fact) : fact();
}

/**
 * The order saga without failures. `last` is told of the last step, in a transaction that is still
 * open.
 */
export function orderSaga<Native>(
  write: WriteRow<Native>,
  setup: (tx: Native, name: ServiceName) => unknown,
  last: (tx: Native, orderId: string) => void,
) {
  return {
    orders: service<Native>("orders", { setup: (tx) => setup(tx, "orders") }).begins(placed),
    others: [
      service<Native>("payment", { setup: (tx) => setup(tx, "payment") }).on(placed, {
        emits: [authorized],
        handle: ({ data: { orderId } }, { tx }) =>
          then(write(tx, "payment", orderId), () =>
            authorized({ orderId, paymentId: `p-${orderId}` }),
          ),
      }),
      service<Native>("inventory", { setup: (tx) => setup(tx, "inventory") }).on(authorized, {
        emits: [reserved],
        handle: ({ data: { orderId } }, { tx }) =>
          then(write(tx, "inventory", orderId), () =>
            reserved({ orderId, reservationId: `r-${orderId}` }),
          ),
      }),
      service<Native>("shipping", { setup: (tx) => setup(tx, "shipping") }).on(reserved, {
        emits: [requested],
        handle({ data: { orderId } }, { tx }) {
          last(tx, orderId);
          return then(write(tx, "shipping", orderId), () =>
            requested({ orderId, shipmentId: `s-${orderId}` }),
          );
        },
      }),
    ],
    begin: (orderId: string, tx: Native) =>
      then(write(tx, "orders", orderId), () => placed({ orderId, amount: 1 })),
  };
}

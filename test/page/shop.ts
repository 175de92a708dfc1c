import { choreography, event, PermanentError, service } from "odori";
import { z } from "zod";

const payload = z.object({ orderId: z.string(), note: z.string() });
export const placed = event("order.placed.v1", payload);
const cancelled = event("order.cancelled.v1", payload);
const charged = event("payment.charged.v1", payload);
const declined = event("payment.declined.v1", payload);
const refunded = event("payment.refunded.v1", payload);
const reserved = event("stock.reserved.v1", payload);
const soldOut = event("stock.sold_out.v1", payload);

/** What is out of order, until a test repairs it. */
export class Troubles {
  shelf = true;
}

/**
 * A shop of four services, whose stock gives up on jammed orders while its shelf is out of order.
 * `deaf`: its order does not hear that the payment was declined.
 */
export function shopWith(troubles: Troubles, deaf: boolean) {
  const order = service<unknown>("order")
    .begins(placed)
    .undo(placed, {
      on: deaf ? [refunded] : [declined, refunded],
      emits: [cancelled],
      handle: ({ data }) => cancelled(data),
    });
  const payment = service<unknown>("payment")
    .on(placed, {
      emits: [charged],
      fails: [declined],
      handle: ({ data }) => (data.note === "poor" ? declined(data) : charged(data)),
    })
    .undo(charged, { on: [soldOut], emits: [refunded], handle: ({ data }) => refunded(data) });
  const stock = service<unknown>("stock").on(charged, {
    emits: [reserved],
    fails: [soldOut],
    handle({ data }) {
      if (data.note === "jammed" && troubles.shelf)
        throw new PermanentError(`the shelf of <b>${data.orderId}</b> is jammed`);
      return data.note === "rare" ? soldOut(data) : reserved(data);
    },
  });
  const mail = service<unknown>("mail").on(placed, { emits: [], handle: () => undefined });
  const services = [order, payment, stock, mail] as const;
  const declared = choreography("shop", {
    services,
    begins: [placed],
    succeeds: [reserved],
    fails: [cancelled],
  });
  return { services, declared };
}

import { choreography, event, service } from "odori";
import { z } from "zod";

/*
 * Creating an order in a restaurant's application (FTGO): the kitchen creates a ticket, the order
 * service then decides. In the original the kitchen's cancel-create was never implemented, and
 * nothing said so.
 */

const payload = z.object({ orderId: z.string() });
const orderCreated = event("order.created.v1", payload);
const orderAuthorized = event("order.authorized.v1", payload);
const orderAuthorizationFailed = event("order.authorization_failed.v1", payload);
const orderRejected = event("order.rejected.v1", payload);
const ticketCreated = event("kitchen.ticket_created.v1", payload);
const ticketCancelled = event("kitchen.ticket_cancelled.v1", payload);

const deciding = service("order")
  .begins(orderCreated)
  .on(ticketCreated, {
    emits: [orderAuthorized],
    fails: [orderAuthorizationFailed],
    handle: ({ data }) => orderAuthorized(data),
  });
const rejectingOn = (cause: typeof orderAuthorizationFailed | typeof ticketCancelled) =>
  deciding.undo(orderCreated, {
    on: [cause],
    emits: [orderRejected],
    handle: ({ data }) => orderRejected(data),
  });

const kitchen = service("kitchen").on(orderCreated, {
  emits: [ticketCreated],
  handle: ({ data }) => ticketCreated(data),
});

const whole = { begins: [orderCreated], succeeds: [orderAuthorized], fails: [orderRejected] };

export const asItWas = choreography("create_ticket", {
  services: [rejectingOn(orderAuthorizationFailed), kitchen],
  ...whole,
});

/** The order is rejected once its ticket is cancelled: until then something is still done. */
export const repaired = choreography("create_ticket", {
  services: [
    rejectingOn(ticketCancelled),
    kitchen.undo(ticketCreated, {
      on: [orderAuthorizationFailed],
      emits: [ticketCancelled],
      handle: ({ data }) => ticketCancelled(data),
    }),
  ],
  ...whole,
});

/** What must compile and what must not: checked by `tsc` as part of the tests, never run. */
import { z } from "zod";
import { service } from "../../src/choreography/service.ts";
import { event } from "../../src/contract/event.ts";

interface Sql {
  run(statement: string): void;
}

const orderId = z.string();
const placed = event("order.placed.v1", z.object({ orderId, amount: z.int() }));
const authorized = event("payment.authorized.v1", z.object({ orderId, paymentId: z.string() }));
const reason = z.enum(["limit", "card"]);
const declined = event("payment.declined.v1", z.object({ orderId, reason }));
const logged = event("payment.logged.v1", z.object({ orderId }));
const refunded = event("payment.refunded.v1", z.object({ orderId }));
const failed = event("inventory.failed.v1", z.object({ orderId, sku: z.string() }));
const bare = event("inventory.bare.v1", z.object({ sku: z.string() }));

const payment = service<Sql>("payment");
const o = { orderId: "o" };
const paid = { ...o, paymentId: "p" };
/** A handler that emits with the saga's id, which every event has. */
const refund = ({ sagaId }: { readonly sagaId: string }) => refunded({ orderId: sagaId });

// The data of an event and the transaction are typed; one of the declared outcomes is returned.
payment.on(placed, {
  emits: [authorized],
  fails: [declined],
  async handle({ data, sagaId }, { tx }) {
    tx.run(`${sagaId} ${data.orderId}`);
    const amount: number = data.amount;
    if (amount > 10) return declined({ orderId: data.orderId, reason: "limit" });
    return authorized({ orderId: data.orderId, paymentId: "p" });
  },
});
payment.on(placed, { emits: [authorized], handle: ({ data }) => authorized({ ...data, ...paid }) });
payment.on(placed, { handle: ({ data }, { tx }) => tx.run(data.orderId) });
payment.on(placed, { handle: async () => {} });

// @ts-expect-error an event that is not declared
payment.on(placed, { emits: [authorized], handle: () => refunded({ orderId: "o" }) });
// @ts-expect-error nothing, where something is declared
payment.on(placed, { emits: [authorized], handle: () => {} });
// @ts-expect-error nothing on one of the paths
payment.on(placed, { emits: [authorized], handle: async () => (o ? authorized(paid) : undefined) });
// @ts-expect-error something, where nothing is declared
payment.on(placed, { handle: (): object => authorized(paid) satisfies number });
// @ts-expect-error a look-alike that no contract made
payment.on(placed, { emits: [refunded], handle: () => ({ type: "payment.refunded.v1", data: o }) });
// @ts-expect-error a payload that does not fit
payment.on(placed, { emits: [refunded], handle: () => refunded({ order: "o" }) });
// @ts-expect-error a field that the event does not have
payment.on(placed, { handle: ({ data }) => console.log(data.total) });
// @ts-expect-error a transaction of another kind
payment.on(placed, { handle: (_event, { tx }) => tx.query() });

// Alternatives, events that travel together, and silence.
payment.on(placed, { emits: [[authorized, logged], refunded, []], handle: ({ data }) => {
  if (data.amount === 0) return;
  if (data.amount < 5) return refunded({ orderId: data.orderId });
  return [authorized({ orderId: data.orderId, paymentId: "p" }), logged({ orderId: data.orderId })];
} });
// @ts-expect-error half of an outcome
payment.on(placed, { emits: [[authorized, logged]], handle: () => [authorized(paid)] });
// @ts-expect-error half of an outcome, bare
payment.on(placed, { emits: [[authorized, logged]], handle: () => authorized(paid) });

// Hearing any one of several: a union that the type name tells apart.
payment.on([placed, failed], { name: "either", handle: (heard) => {
  if (heard.type === "order.placed.v1") heard.data.amount.toFixed();
  else heard.data.sku.trim();
} });

// Late has outcomes of its own.
payment.on(placed, {
  emits: [authorized], firstOf: "end",
  late: { emits: [logged], handle: ({ data }) => logged({ orderId: data.orderId }) },
  handle: ({ data }) => authorized({ orderId: data.orderId, paymentId: "p" }),
});
payment.on(placed, {
  emits: [authorized], firstOf: "end",
  // @ts-expect-error the normal outcome is none of the late ones
  late: { emits: [logged], handle: () => authorized(paid) },
  handle: ({ data }) => authorized({ orderId: data.orderId, paymentId: "p" }),
});

// When a delivery is given up on, its payload is typed only if it fitted.
payment.on(placed, {
  emits: [authorized],
  onParked: {
    emits: declined,
    handle: ({ valid, event }) =>
      declined({ orderId: valid ? event.data.orderId : "?", reason: "card" }),
  },
  handle: ({ data }) => authorized({ orderId: data.orderId, paymentId: "p" }),
});
payment.on(placed, {
  // @ts-expect-error the payload may not have fitted
  onParked: { emits: logged, handle: ({ event }) => logged({ orderId: event.data.orderId }) },
  handle: () => {},
});

// An undo that finds nothing acknowledges with what it heard, where that fits; otherwise it must be
// said.
payment.undo(authorized, { on: [failed], emits: [refunded], handle: refund });
payment.undo(authorized, { on: [bare], emits: [refunded], onEmpty: refund, handle: refund });
payment.undo(authorized, { on: [bare], emits: [refunded], onEmpty: "silent", handle: refund });
payment.undo(authorized, { on: [bare], handle: async () => {} });
// @ts-expect-error the payload of inventory.bare does not fit payment.refunded
payment.undo(authorized, { on: [bare], emits: [refunded], handle: refund });
const noted = () => logged(o);
// @ts-expect-error acknowledged with another event
payment.undo(authorized, { on: [bare], emits: [refunded], onEmpty: noted, handle: refund });

// A join gets its events in the order in which it names them.
payment.onAll([placed, failed], { name: "both", emits: [logged], handle([order, failure]) {
  failure.data.sku.trim();
  return logged({ orderId: order.data.orderId });
} });

// A deadline speaks with the payload of what it was armed by, where that fits; otherwise its
// handler must be given.
payment.deadline(placed, { after: "15m", unless: [authorized], emits: [refunded] });
payment.deadline(bare, { after: "PT15M", unless: [authorized], emits: [refunded], handle: refund });
// @ts-expect-error the payload of inventory.bare does not fit payment.refunded
payment.deadline(bare, { after: "15m", unless: [authorized], emits: [refunded] });

// A join waits for what is not optional; its name cannot be left out.
// @ts-expect-error no name
payment.onAll([placed, failed], { handle() {} });

// Conversions are typed by both schemas.
const logged2 = z.object({ orderId, level: z.int() });
event("payment.logged.v2", logged2, {
  from: [logged, (old) => ({ ...old, level: 1 })],
  to: [logged, ({ level, ...rest }) => {
    level.toFixed();
    return rest;
  }],
});
// @ts-expect-error version 2 has a level
event("payment.logged.v2", logged2, { from: [logged, (old) => old] });
// @ts-expect-error version 1 has no level
event("payment.logged.v2", logged2, { from: [logged, (old) => ({ ...old, level: old.level })] });
// @ts-expect-error version 1 has an orderId
event("payment.logged.v2", logged2, { to: [logged, ({ level }) => ({ level })] });

// Names are <domain>.<fact>.v<N>; the compiler sees as much of that as it can.
// @ts-expect-error no version
event("order.placed", z.object({}));
// @ts-expect-error no schema
event("order.placed.v1", { orderId: "string" });

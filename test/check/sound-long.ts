import { manifest, type Raw, refund } from "./parts.ts";

/* Sound choreographies with keys, with deadlines that are given up on, and with long waits. */

/** Two lines of an order are reserved, each under its own key, and released together. */
export const keyedLines = manifest(
  {
    order: {
      begins: ["order.placed.v1"],
      reactions: [
        {
          on: ["order.placed.v1"],
          readonly: true,
          emits: [["order.first_line_added.v1", "order.second_line_added.v1"]],
        },
        { on: ["payment.paid.v1"], readonly: true, emits: ["order.completed.v1"] },
        { on: ["stock.released.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
      ],
    },
    stock: {
      reactions: [
        {
          on: ["order.first_line_added.v1", "order.second_line_added.v1"],
          keyed: true,
          emits: ["stock.reserved.v1"],
        },
        {
          on: ["payment.refused.v1"],
          keyed: "all",
          undoes: "stock.reserved.v1",
          emits: ["stock.released.v1"],
        },
      ],
    },
    payment: {
      reactions: [
        {
          all: ["order.first_line_added.v1", "order.second_line_added.v1"],
          readonly: true,
          emits: ["payment.paid.v1"],
          fails: ["payment.refused.v1"],
        },
      ],
    },
  },
  { external: ["stock.reserved.v1"] },
);

/** A deadline that fires, or is given up on with an answer. */
export const struck = manifest(
  {
    order: {
      begins: ["order.placed.v1"],
      reactions: [
        {
          on: ["clock.struck.v1", "clock.stopped.v1"],
          readonly: true,
          emits: ["order.completed.v1"],
        },
      ],
    },
    clock: {
      mayPark: true,
      deadlines: [
        {
          after: "order.placed.v1",
          within: "PT1M",
          unless: ["order.completed.v1"],
          emits: "clock.struck.v1",
          onParked: "clock.stopped.v1",
        },
      ],
    },
  },
  { fails: [] },
);

/** A person decides, is reminded after the first wait, and has refused after the second. */
export function desk(first: string, second: string): Raw {
  const answered = { once: "answer", readonly: true };
  return manifest(
    {
      order: {
        begins: ["order.placed.v1"],
        reactions: [
          { on: ["desk.accepted.v1"], readonly: true, emits: ["order.completed.v1"] },
          { on: ["payment.refunded.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
        ],
      },
      payment: {
        reactions: [
          { on: ["order.placed.v1"], emits: ["payment.charged.v1"] },
          { ...refund, on: ["desk.rejected.v1"] },
        ],
      },
      desk: {
        reactions: [
          { on: ["payment.charged.v1"], readonly: true, emits: ["desk.opened.v1"] },
          { ...answered, on: ["desk.approved.v1"], emits: ["desk.accepted.v1"] },
          { ...answered, on: ["desk.expired.v1"], emits: ["desk.rejected.v1"] },
        ],
        deadlines: [
          {
            after: "desk.opened.v1",
            within: first,
            unless: ["desk.approved.v1"],
            emits: "desk.reminded.v1",
          },
          {
            after: "desk.reminded.v1",
            within: second,
            unless: ["desk.approved.v1"],
            emits: "desk.expired.v1",
          },
        ],
      },
    },
    { arrives: ["desk.approved.v1"], external: ["desk.opened.v1"] },
  );
}

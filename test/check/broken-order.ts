import { type Case, change, charge, order, refund, reserve } from "./parts.ts";
import { parallel, race, sequential, twoSuccesses, undoneBeside } from "./sound.ts";

/* Broken choreographies that declare what comes first: an order of undos, a pivot, a lock. */

export const UNORDERED: readonly Case[] = [
  {
    name: "late: a second event is suppressed and not late, and late would release the lock",
    manifest: change(
      twoSuccesses,
      {
        order: {
          begins: ["order.placed.v1"],
          reactions: [
            {
              on: ["left.taken.v1", "right.taken.v1"],
              once: "end",
              emits: ["order.completed.v1"],
              late: ["order.noted.v1"],
            },
          ],
        },
      },
      {
        locks: [{ name: "order pending", acquire: "order.placed.v1", release: ["order.noted.v1"] }],
        external: ["order.noted.v1"],
      },
    ),
    codes: ["LOCK_LEAK"],
  },
  {
    name: "undone in the wrong order",
    manifest: change(
      sequential,
      {
        order: order(["shipping.sent.v1"], ["payment.declined.v1", "payment.refunded.v1"]),
        payment: {
          reactions: [charge, { ...refund, on: ["stock.sold_out.v1", "shipping.refused.v1"] }],
        },
        stock: {
          reactions: [reserve, { on: ["payment.refunded.v1"], undoes: "stock.reserved.v1" }],
        },
        shipping: {
          reactions: [
            {
              on: ["stock.reserved.v1"],
              emits: ["shipping.sent.v1"],
              fails: ["shipping.refused.v1"],
            },
          ],
        },
      },
      { undoOrder: [["payment.charged.v1", "stock.reserved.v1"]] },
    ),
    codes: ["EARLY_END", "UNDO_ORDER"],
  },
  {
    name: "undone at the same time, and so perhaps in the wrong order",
    manifest: { ...undoneBeside, undoOrder: [["payment.charged.v1", "stock.reserved.v1"]] },
    codes: ["UNDO_ORDER"],
  },
  {
    name: "the same, the other way round",
    manifest: { ...undoneBeside, undoOrder: [["stock.reserved.v1", "payment.charged.v1"]] },
    codes: ["UNDO_ORDER"],
  },
  {
    name: "it turns back after the pivot",
    manifest: change(sequential, {}, { pivots: ["payment.charged.v1"] }),
    codes: ["AFTER_PIVOT"],
  },
  {
    name: "one outcome is the pivot and the failure, and none is after the other",
    manifest: change(
      sequential,
      {
        stock: {
          reactions: [{ ...reserve, fails: [["order.cancelled.v1", "stock.given_up.v1"]] }],
        },
        payment: { reactions: [charge] },
        order: order(["stock.reserved.v1"], ["payment.declined.v1"]),
      },
      { pivots: ["stock.given_up.v1"], external: ["stock.given_up.v1"] },
    ),
    codes: ["EARLY_END", "NO_UNDO", "ORPHAN"],
  },
  {
    name: "the same, in the other order",
    manifest: change(
      sequential,
      {
        stock: {
          reactions: [{ ...reserve, fails: [["stock.given_up.v1", "order.cancelled.v1"]] }],
        },
        payment: { reactions: [charge] },
        order: order(["stock.reserved.v1"], ["payment.declined.v1"]),
      },
      { pivots: ["stock.given_up.v1"], external: ["stock.given_up.v1"] },
    ),
    codes: ["EARLY_END", "NO_UNDO", "ORPHAN"],
  },
  {
    name: "a lock that only success releases",
    manifest: {
      ...sequential,
      locks: [
        { name: "order pending", acquire: "order.placed.v1", release: ["order.completed.v1"] },
      ],
    },
    codes: ["LOCK_LEAK"],
  },
  {
    name: "a lock that may be released before it is acquired",
    manifest: {
      ...parallel,
      locks: [
        {
          name: "money",
          acquire: "payment.charged.v1",
          release: ["stock.reserved.v1", "stock.sold_out.v1", "payment.settled.v1"],
        },
      ],
    },
    codes: ["LOCK_LEAK"],
  },
  {
    name: "another one, the other way round",
    manifest: {
      ...parallel,
      locks: [
        {
          name: "goods",
          acquire: "stock.reserved.v1",
          release: ["payment.charged.v1", "payment.declined.v1", "stock.settled.v1"],
        },
      ],
    },
    codes: ["LOCK_LEAK"],
  },
  {
    name: "something is undone after the pivot, and the saga succeeds",
    manifest: { ...race, pivots: ["order.completed.v1"] },
    codes: ["AFTER_PIVOT"],
  },
];

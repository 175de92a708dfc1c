import { KEYED_AND_LONG } from "./broken-marks.ts";
import { UNORDERED } from "./broken-order.ts";
import { MISDECLARED } from "./misdeclared.ts";
import { type Case, change, charge, manifest, order, refund, reserveBeside } from "./parts.ts";
import {
  calledOffByEnds,
  parallel,
  race,
  sequential,
  toldEarly,
  toldOutside,
  twoSuccesses,
} from "./sound.ts";

/*
 * Choreographies that are known to be broken, with the codes that say so: each a sound one with
 * something changed.
 */

const UNSOUND: readonly Case[] = [
  {
    name: "a failure that no service hears",
    manifest: change(
      sequential,
      { order: order(["stock.reserved.v1"], ["payment.refunded.v1"]) },
      { external: ["payment.declined.v1"] },
    ),
    codes: ["STUCK"],
  },
  {
    name: "the undo is triggered by nothing",
    manifest: change(sequential, { payment: { reactions: [charge] } }),
    codes: ["NEVER_EMITTED", "STUCK", "UNHEARD"],
  },
  {
    name: "cancelled before payment is refunded, which never comes",
    manifest: change(sequential, {
      order: order(["stock.reserved.v1"], ["payment.declined.v1", "stock.sold_out.v1"]),
      payment: { reactions: [charge, { ...refund, on: ["payment.declined.v1"], emits: [] }] },
    }),
    codes: ["EARLY_END", "ORPHAN"],
  },
  {
    name: "early-end: cancelled before payment is refunded",
    manifest: { ...toldEarly, suppress: {} },
    codes: ["EARLY_END"],
  },
  {
    name: "an effect without an undo",
    manifest: change(sequential, {
      order: order(["stock.reserved.v1"], ["payment.declined.v1", "stock.sold_out.v1"]),
      payment: { reactions: [charge] },
    }),
    codes: ["EARLY_END", "NO_UNDO"],
  },
  {
    name: "a race of completion and expiry",
    manifest: manifest({
      order: {
        begins: ["order.placed.v1"],
        reactions: [
          { on: ["payment.charged.v1"], emits: ["order.completed.v1"] },
          { on: ["order.expired.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
        ],
        deadlines: [
          {
            after: "order.placed.v1",
            within: "PT15M",
            unless: ["payment.charged.v1"],
            emits: "order.expired.v1",
          },
        ],
      },
      payment: {
        reactions: [
          { on: ["order.placed.v1"], emits: ["payment.charged.v1"] },
          { on: ["order.cancelled.v1"], undoes: "payment.charged.v1" },
        ],
      },
    }),
    codes: ["EARLY_END", "MIXED_END", "UNDONE_ON_SUCCESS"],
  },
  {
    name: "two successes end the saga twice",
    manifest: change(twoSuccesses, {
      order: {
        begins: ["order.placed.v1"],
        reactions: [
          {
            on: ["left.taken.v1", "right.taken.v1"],
            emits: ["order.completed.v1"],
            readonly: true,
          },
        ],
      },
    }),
    codes: ["DOUBLE_END"],
  },
  {
    name: "m: two reactions emit one end, under effects of two names",
    manifest: change(
      twoSuccesses,
      {
        order: {
          begins: ["order.placed.v1"],
          reactions: [
            { on: ["left.taken.v1"], emits: [["order.noted.v1", "order.completed.v1"]] },
            { on: ["right.taken.v1"], emits: ["order.completed.v1"] },
          ],
        },
      },
      {
        undoOrder: [["order.placed.v1", "order.completed.v1"]],
        external: ["order.noted.v1"],
      },
    ),
    codes: ["DOUBLE_END"],
  },
  {
    name: "end-named: the effect of an end is done already by another reaction",
    manifest: manifest(
      {
        order: {
          begins: ["order.placed.v1"],
          reactions: [
            { on: ["order.placed.v1"], emits: ["order.noted.v1"] },
            { on: ["payment.charged.v1"], emits: [["order.noted.v1", "order.completed.v1"]] },
          ],
        },
        payment: { reactions: [{ on: ["order.placed.v1"], emits: ["payment.charged.v1"] }] },
      },
      { fails: [], external: ["order.noted.v1"] },
    ),
    codes: ["STUCK"],
  },
  {
    name: "something is undone though the saga succeeds",
    manifest: change(sequential, {
      order: order(["stock.reserved.v1"], ["payment.declined.v1", "stock.sold_out.v1"]),
      payment: {
        reactions: [
          charge,
          { on: ["stock.sold_out.v1", "stock.reserved.v1"], undoes: "payment.charged.v1" },
        ],
      },
    }),
    codes: ["EARLY_END", "UNDONE_ON_SUCCESS"],
  },
  {
    name: "both rivals are kept",
    manifest: change(
      race,
      { left: { reactions: [{ on: ["order.placed.v1"], emits: ["left.taken.v1"] }] } },
      { external: ["order.right_won.v1"] },
    ),
    codes: ["ONE_OF"],
  },
  {
    name: "an undo overtakes its step, without a fence",
    manifest: change(parallel, {
      stock: {
        fence: false,
        reactions: [
          { ...reserveBeside, fails: [["stock.sold_out.v1", "stock.settled.v1"]] },
          { on: ["payment.declined.v1"], undoes: "stock.reserved.v1", emits: ["stock.settled.v1"] },
        ],
      },
    }),
    codes: ["EARLY_END", "EMPTY_ROLLBACK", "HANGING", "ORPHAN"],
  },
  {
    name: "the same message twice, and neither inbox nor fence",
    manifest: change(sequential, {
      payment: { inbox: false, fence: false, reactions: [charge, refund] },
    }),
    // Declined at first and charged the second time, or the other way round: everything that comes
    // of that.
    codes: [
      "DOUBLE_COMPENSATION",
      "DOUBLE_EFFECT",
      "EARLY_END",
      "HANGING",
      "MIXED_END",
      "NO_UNDO",
      "ORPHAN",
      "UNDONE_ON_SUCCESS",
    ],
  },
  {
    name: "what waits behind a parked delivery",
    manifest: manifest({
      order: order(
        ["payment.charged.v1"],
        ["payment.declined.v1"],
        [{ on: ["order.placed.v1"], emits: ["order.reminded.v1"], readonly: true }],
      ),
      payment: {
        mayPark: true,
        reactions: [{ ...charge, on: ["order.placed.v1", "order.reminded.v1"], readonly: true }],
      },
    }),
    // Both deliveries may be answered, too, and differently.
    codes: ["MIXED_END", "PARKED_STUCK", "UNDONE_ON_SUCCESS"],
  },
  {
    name: "an undo that a deadline triggers, armed by what its own service emits",
    manifest: manifest({
      payment: {
        fence: false,
        reactions: [
          { on: ["order.placed.v1"], emits: ["payment.charged.v1"] },
          {
            on: ["order.expired.v1"],
            undoes: "payment.charged.v1",
            emits: ["payment.refunded.v1"],
          },
        ],
      },
      order: {
        begins: ["order.placed.v1"],
        reactions: [
          { on: ["order.placed.v1"], emits: ["order.opened.v1"], readonly: true },
          { on: ["payment.charged.v1"], once: "end", emits: ["order.completed.v1"] },
          {
            on: ["payment.refunded.v1"],
            once: "end",
            emits: ["order.abandoned.v1"],
            readonly: true,
          },
          { on: ["order.abandoned.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
        ],
        deadlines: [{ after: "order.opened.v1", within: "1h", emits: "order.expired.v1" }],
      },
    }),
    codes: ["EARLY_END", "EMPTY_ROLLBACK", "HANGING", "ORPHAN", "UNDONE_ON_SUCCESS"],
    warnings: ["DEADLINE_OUTLIVES_END"],
  },
  {
    name: "a delivery that is given up on, without an answer",
    manifest: manifest({
      order: order(["payment.charged.v1"], ["payment.declined.v1"]),
      payment: { mayPark: true, reactions: [charge] },
    }),
    codes: ["PARKED_STUCK"],
  },
  {
    name: "an undo that is given up on leaves its effect",
    manifest: change(sequential, {
      order: order(["stock.reserved.v1"], ["payment.declined.v1", "stock.sold_out.v1"]),
      payment: {
        mayPark: true,
        reactions: [
          { ...charge, onParked: "payment.declined.v1" },
          { ...refund, emits: [] },
        ],
      },
    }),
    codes: ["EARLY_END", "PARKED_STUCK"],
  },
  {
    name: "a retry without bound",
    manifest: manifest({
      order: order(["payment.charged.v1"], ["payment.given_up.v1"]),
      payment: {
        reactions: [
          {
            on: ["order.placed.v1", "payment.retried.v1"],
            emits: ["payment.charged.v1"],
            fails: ["payment.declined.v1", "payment.given_up.v1"],
          },
          { on: ["payment.declined.v1"], emits: ["payment.retried.v1"], readonly: true },
        ],
      },
    }),
    codes: ["UNBOUNDED_LOOP"],
  },
  {
    name: "a refund is announced for a payment that was never taken",
    manifest: change(toldOutside, {
      payment: {
        reactions: [charge, { ...refund, on: ["stock.sold_out.v1", "payment.declined.v1"] }],
      },
    }),
    codes: [],
    warnings: ["EMPTY_UNDO_TOLD"],
  },
  {
    name: "a deadline fires after the saga was cancelled",
    manifest: change(calledOffByEnds, {
      order: {
        ...order(
          ["stock.reserved.v1"],
          ["payment.declined.v1", "payment.refunded.v1"],
          [{ on: ["order.reminded.v1"] }],
        ),
        deadlines: [
          {
            after: "order.placed.v1",
            within: "PT15M",
            unless: ["order.completed.v1"],
            emits: "order.reminded.v1",
          },
        ],
      },
    }),
    codes: [],
    warnings: ["DEADLINE_OUTLIVES_END"],
  },
  {
    name: "an end and an outside event that no service emits",
    manifest: {
      ...sequential,
      fails: ["order.cancelled.v1", "order.droped.v1"],
      external: ["payment.refnuded.v1"],
    },
    codes: [],
    warnings: ["UNKNOWN_NAME"],
  },
  {
    name: "an undo that may fail leaves its effect",
    manifest: change(sequential, {
      order: order(
        ["stock.reserved.v1"],
        ["payment.declined.v1", "payment.refunded.v1", "payment.refund_failed.v1"],
      ),
      payment: { reactions: [charge, { ...refund, fails: ["payment.refund_failed.v1"] }] },
    }),
    codes: ["EARLY_END", "ORPHAN"],
  },
];

export const BROKEN: readonly Case[] = [
  ...UNSOUND,
  ...UNORDERED,
  ...KEYED_AND_LONG,
  ...MISDECLARED,
];

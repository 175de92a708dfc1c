import {
  type Case,
  change,
  charge,
  manifest,
  order,
  refund,
  reserve,
  reserveBeside,
} from "./parts.ts";
import { desk, keyedLines, struck } from "./sound-long.ts";

/* Choreographies that are known to be sound. */

export const sequential = manifest({
  order: order(["stock.reserved.v1"], ["payment.declined.v1", "payment.refunded.v1"]),
  payment: { reactions: [charge, refund] },
  stock: { reactions: [reserve] },
});

/**
 * Both at once; each undoes on the other's failure and acknowledges, so that the end waits for
 * both.
 */
export const parallel = manifest({
  order: {
    begins: ["order.placed.v1"],
    reactions: [
      { all: ["payment.charged.v1", "stock.reserved.v1"], emits: ["order.completed.v1"] },
      {
        all: ["payment.settled.v1", "stock.settled.v1"],
        emits: ["order.unwound.v1"],
        readonly: true,
      },
      { on: ["order.unwound.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
    ],
  },
  payment: {
    reactions: [
      { ...charge, fails: [["payment.declined.v1", "payment.settled.v1"]] },
      { on: ["stock.sold_out.v1"], undoes: "payment.charged.v1", emits: ["payment.settled.v1"] },
    ],
  },
  stock: {
    reactions: [
      { ...reserveBeside, fails: [["stock.sold_out.v1", "stock.settled.v1"]] },
      { on: ["payment.declined.v1"], undoes: "stock.reserved.v1", emits: ["stock.settled.v1"] },
    ],
  },
});

const deadlineOnce = manifest({
  order: {
    begins: ["order.placed.v1"],
    reactions: [
      { on: ["payment.charged.v1"], once: "end", emits: ["order.completed.v1"] },
      { on: ["order.expired.v1"], once: "end", emits: ["order.abandoned.v1"], readonly: true },
      { on: ["payment.refunded.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
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
      { ...refund, on: ["order.abandoned.v1"] },
    ],
  },
});

const boundedRetry = manifest({
  order: order(["payment.charged.v1"], ["payment.given_up.v1"]),
  payment: {
    reactions: [
      {
        on: ["order.placed.v1", "payment.retried.v1"],
        emits: ["payment.charged.v1"],
        fails: ["payment.declined.v1"],
      },
      {
        on: ["payment.declined.v1"],
        emits: ["payment.retried.v1"],
        max: 2,
        late: ["payment.given_up.v1"],
        readonly: true,
      },
    ],
  },
});

/** The bound is where the step fails, and not where it is tried again. */
const boundedFailure = manifest({
  order: order(["payment.charged.v1"], ["payment.given_up.v1"]),
  payment: {
    reactions: [
      {
        on: ["order.placed.v1", "payment.retried.v1"],
        emits: ["payment.charged.v1"],
        fails: ["payment.declined.v1"],
        max: 2,
        late: ["payment.given_up.v1"],
      },
      { on: ["payment.declined.v1"], emits: ["payment.retried.v1"], readonly: true },
    ],
  },
});

const pivot = manifest(
  {
    order: order(["shipping.sent.v1"], ["payment.declined.v1"]),
    payment: { reactions: [charge] },
    shipping: { reactions: [{ on: ["payment.charged.v1"], emits: ["shipping.sent.v1"] }] },
  },
  { pivots: ["payment.charged.v1"] },
);

export const race = manifest(
  {
    order: {
      begins: ["order.placed.v1"],
      reactions: [
        {
          on: ["left.taken.v1", "right.taken.v1"],
          once: "winner",
          emits: ["order.completed.v1"],
          late: [[]],
          readonly: true,
        },
        {
          on: ["left.taken.v1"],
          once: "loser",
          emits: ["order.left_won.v1"],
          late: [[]],
          readonly: true,
        },
        {
          on: ["right.taken.v1"],
          once: "loser",
          emits: ["order.right_won.v1"],
          late: [[]],
          readonly: true,
        },
      ],
    },
    left: {
      reactions: [
        { on: ["order.placed.v1"], emits: ["left.taken.v1"] },
        { on: ["order.right_won.v1"], undoes: "left.taken.v1" },
      ],
    },
    right: {
      reactions: [
        { on: ["order.placed.v1"], emits: ["right.taken.v1"] },
        { on: ["order.left_won.v1"], undoes: "right.taken.v1" },
      ],
    },
  },
  { oneOf: [["left.taken.v1", "right.taken.v1"]], fails: [] },
);

/** Both events complete the order, which its mark allows once. */
export const twoSuccesses = manifest(
  {
    order: order(["left.taken.v1", "right.taken.v1"], []),
    left: { reactions: [{ on: ["order.placed.v1"], emits: ["left.taken.v1"] }] },
    right: { reactions: [{ on: ["order.placed.v1"], emits: ["right.taken.v1"] }] },
  },
  { fails: [] },
);

/** A chain of acknowledgements that goes on where there is nothing to undo. */
const acknowledged = manifest({
  order: order(["stock.reserved.v1"], ["payment.refunded.v1"]),
  payment: { reactions: [charge, { ...refund, on: ["stock.released.v1"] }] },
  stock: {
    reactions: [
      reserve,
      {
        on: ["payment.declined.v1", "stock.sold_out.v1"],
        undoes: "stock.reserved.v1",
        emits: ["stock.released.v1"],
      },
    ],
  },
});

const locked = {
  ...sequential,
  locks: [
    {
      name: "order pending",
      acquire: "order.placed.v1",
      release: ["order.completed.v1", "order.cancelled.v1"],
    },
  ],
};

const parkedAnswered = manifest({
  order: order(["payment.charged.v1"], ["payment.declined.v1"]),
  payment: { mayPark: true, reactions: [{ ...charge, onParked: "payment.declined.v1" }] },
});

const arrival = manifest(
  {
    order: {
      begins: ["order.placed.v1"],
      reactions: [
        { on: ["payment.charged.v1"], once: "end", emits: ["order.completed.v1"] },
        { on: ["order.expired.v1"], once: "end", emits: ["order.abandoned.v1"], readonly: true },
        { on: ["payment.refunded.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
      ],
      deadlines: [
        {
          after: "order.placed.v1",
          within: "1h",
          unless: ["payment.charged.v1"],
          emits: "order.expired.v1",
        },
      ],
    },
    payment: {
      reactions: [
        { on: ["gateway.settled.v1"], emits: ["payment.charged.v1"] },
        { ...refund, on: ["order.abandoned.v1"] },
      ],
    },
  },
  { arrives: ["gateway.settled.v1"] },
);

/** A payment that was never taken is not refunded to the outside; one that was is. */
export const toldOutside = change(
  sequential,
  {
    payment: {
      reactions: [
        charge,
        { ...refund, on: ["stock.sold_out.v1", "payment.declined.v1"], onEmpty: "silent" },
      ],
    },
  },
  { external: ["payment.refunded.v1"] },
);

/** The acknowledgement stays inside, and the outside hears of a real refund only. */
const acknowledgedInside = change(
  parallel,
  {
    payment: {
      reactions: [
        { ...charge, fails: [["payment.declined.v1", "payment.settled.v1"]] },
        {
          on: ["stock.sold_out.v1"],
          undoes: "payment.charged.v1",
          emits: [["payment.settled.v1", "payment.refunded.v1"]],
        },
      ],
    },
  },
  { external: ["payment.refunded.v1"] },
);

/** Each end of the saga calls the deadline off. */
export const calledOffByEnds = change(sequential, {
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
        unless: ["order.completed.v1", "order.cancelled.v1"],
        emits: "order.reminded.v1",
      },
    ],
  },
});

/** The order is cancelled at once, and the money follows: accepted, with a reason. */
export const toldEarly = {
  ...change(sequential, {
    order: order(
      ["stock.reserved.v1"],
      ["payment.declined.v1", "payment.refunded.v1", "stock.sold_out.v1"],
    ),
  }),
  suppress: { EARLY_END: "the customer may order elsewhere before the money is back" },
};

const undoOrdered = { ...sequential, undoOrder: [["payment.charged.v1", "stock.reserved.v1"]] };

/** A service that only reads keeps neither inbox nor fence. */
const foreignReader = manifest({
  order: order(["stock.reserved.v1"], ["payment.declined.v1", "payment.refunded.v1"]),
  payment: { reactions: [charge, refund] },
  stock: { reactions: [reserve] },
  mail: {
    inbox: false,
    fence: false,
    reactions: [{ on: ["order.completed.v1", "order.cancelled.v1"] }],
  },
});

/** Both are undone at the same time when shipping refuses; the order waits for both. */
export const undoneBeside = manifest({
  order: {
    begins: ["order.placed.v1"],
    reactions: [
      { on: ["shipping.sent.v1"], emits: ["order.completed.v1"] },
      {
        all: ["payment.refunded.v1", "stock.released.v1"],
        emits: ["order.unwound.v1"],
        readonly: true,
      },
      { on: ["order.unwound.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
    ],
  },
  payment: {
    reactions: [
      { on: ["order.placed.v1"], emits: ["payment.charged.v1"] },
      { on: ["shipping.refused.v1"], undoes: "payment.charged.v1", emits: ["payment.refunded.v1"] },
    ],
  },
  stock: {
    reactions: [
      { on: ["payment.charged.v1"], emits: ["stock.reserved.v1"] },
      { on: ["shipping.refused.v1"], undoes: "stock.reserved.v1", emits: ["stock.released.v1"] },
    ],
  },
  shipping: {
    reactions: [
      { on: ["stock.reserved.v1"], emits: ["shipping.sent.v1"], fails: ["shipping.refused.v1"] },
    ],
  },
});

export const SOUND: readonly Case[] = [
  { name: "sequential", manifest: sequential, codes: [] },
  { name: "parallel with join", manifest: parallel, codes: [] },
  { name: "deadline with once", manifest: deadlineOnce, codes: [] },
  { name: "bounded retry", manifest: boundedRetry, codes: [] },
  { name: "bounded failure", manifest: boundedFailure, codes: [] },
  { name: "pivot", manifest: pivot, codes: [] },
  { name: "first wins, one of two kept", manifest: race, codes: [] },
  { name: "the fence suppresses a second success", manifest: twoSuccesses, codes: [] },
  { name: "acknowledged empty undos", manifest: acknowledged, codes: [] },
  { name: "semantic lock", manifest: locked, codes: [] },
  { name: "parked delivery that emits a failure", manifest: parkedAnswered, codes: [] },
  { name: "an event from outside, with a deadline", manifest: arrival, codes: [] },
  { name: "a failure told early, which is accepted", manifest: toldEarly, codes: [] },
  { name: "undo order", manifest: undoOrdered, codes: [] },
  { name: "two undone at the same time", manifest: undoneBeside, codes: [] },
  { name: "an undo of the effects of all keys", manifest: keyedLines, codes: [] },
  { name: "a parked deadline that emits a failure", manifest: struck, codes: [] },
  { name: "a saga that is younger than retention", manifest: desk("P20D", "P5D"), codes: [] },
  { name: "a foreign service that only reads", manifest: foreignReader, codes: [] },
  { name: "the outside hears of real refunds only", manifest: toldOutside, codes: [] },
  { name: "an empty undo is acknowledged inside", manifest: acknowledgedInside, codes: [] },
  { name: "each end calls the deadline off", manifest: calledOffByEnds, codes: [] },
];

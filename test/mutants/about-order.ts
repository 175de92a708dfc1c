import { waits } from "../check/families.ts";

/*
 * Choreographies in which one order, one more delivery, or the difference between two legs decides.
 * Most come twice, with the names exchanged: a search that explores one order may by chance explore
 * the one that matters.
 */

type Raw = Readonly<Record<string, unknown>>;

const ends = {
  odori: 1,
  begins: ["order.placed.v1"],
  succeeds: ["order.completed.v1"],
  fails: ["order.cancelled.v1"],
};

/** Two legs at the same time, of which each undoes its work when the other one refuses. */
function legs(name: string, whole: Raw, left: Raw = {}, order: Raw = {}): Raw {
  const leg = (own: string, other: string, more: Raw) => ({
    reactions: [
      { on: ["order.placed.v1"], emits: [`${own}.made.v1`], fails: [`${own}.refused.v1`] },
      { on: [`${other}.refused.v1`], undoes: `${own}.made.v1`, emits: [`${own}.undone.v1`] },
    ],
    ...more,
  });
  const refused = ["left.refused.v1", "right.refused.v1"];
  const cancel = { on: refused, undoes: "order.placed.v1", emits: ["order.cancelled.v1"] };
  const complete = { all: ["left.made.v1", "right.made.v1"], emits: ["order.completed.v1"] };
  return {
    ...ends,
    name,
    external: ["left.undone.v1", "right.undone.v1"],
    services: {
      order: {
        begins: ["order.placed.v1"],
        reactions: [{ ...complete, readonly: true }, cancel],
        ...order,
      },
      left: leg("left", "right", left),
      right: leg("right", "left", {}),
    },
    ...whole,
  };
}

/** A service that emits `name.made.v1` when the order is placed, and leaves no effect. */
function maker(name: string): Raw {
  const reaction = { on: ["order.placed.v1"], emits: [`${name}.made.v1`], readonly: true };
  return { [name]: { reactions: [reaction] } };
}

/** Three services that emit at the same time, and an order that reacts to them. */
function order(name: string, reaction: Raw, service: Raw = {}, whole: Raw = {}): Raw {
  return {
    ...ends,
    name,
    services: {
      ...maker("third"),
      ...maker("left"),
      ...maker("right"),
      order: { reactions: [reaction], ...service },
    },
    ...whole,
  };
}

const three = ["left.made.v1", "right.made.v1", "third.made.v1"];
const completes = { on: three, emits: ["order.completed.v1"] };
const closed = { on: ["left.undone.v1", "right.undone.v1"], emits: ["order.completed.v1"] };

function lock(acquire: string, release: string): Raw {
  return { locks: [{ name: "lock", acquire, release: [release] }] };
}

/** The lock is taken and let go by two services at the same time. */
function between(name: string, one: string, other: string, more: Raw = {}): Raw {
  const both = { all: ["left.made.v1", "right.made.v1"], emits: ["order.completed.v1"] };
  return order(name, both, {}, { ...lock(`${one}.v1`, `${other}.v1`), ...more });
}

/** A wait of `order`, which an event of its own or of another service ends. */
const wait = { after: "left.made.v1", within: "1d", unless: ["right.made.v1"] };
const own = [
  { on: ["left.made.v1"], emits: ["order.begun.v1"] },
  { on: ["right.made.v1"], emits: ["order.completed.v1"] },
];
const ownWait = { after: "order.begun.v1", within: "1d", unless: ["order.completed.v1"] };

export const ABOUT_ORDER: readonly Raw[] = [
  waits(2),
  legs("two legs", {}),
  ...["left", "right"].flatMap((leg) => [
    legs(`a pivot of the ${leg}`, { pivots: [`${leg}.made.v1`] }),
    legs(`a late pivot of the ${leg}`, { pivots: [`${leg}.undone.v1`] }),
    legs(`an order of undos of the ${leg}`, { undoOrder: [[`${leg}.made.v1`, "order.placed.v1"]] }),
    legs(
      `one of, of the ${leg}`,
      { oneOf: [[`${leg}.made.v1`, "order.placed.v1"]] },
      {},
      {
        reactions: [closed],
      },
    ),
  ]),
  legs("one leg without a fence", {}, { fence: false }),
  legs("one leg that may park", {}, { mayPark: true }),
  legs("one arrival", { arrives: ["left.refused.v1"] }),
  between("a lock from left to right", "left.made", "right.made"),
  between("a lock from right to left", "right.made", "left.made"),
  between("a lock from third to order", "third.made", "order.completed"),
  between("a lock from order to third", "order.completed", "third.made"),
  order("twice", { ...completes, readonly: true }),
  order("twice, late", { ...completes, readonly: true, once: "end", late: ["order.cancelled.v1"] }),
  order("twice, refused", { ...completes, fails: ["order.cancelled.v1"] }),
  order("twice, without a fence", completes, { fence: false }),
  order("twice, given up", { ...completes, onParked: "order.cancelled.v1" }, { mayPark: true }),
  order("twice, by max", { ...completes, readonly: true, max: 2 }),
  order("a deadline that others end", completes, {
    deadlines: [{ ...wait, emits: "order.cancelled.v1" }],
  }),
  order("a deadline of its own", own[0] ?? {}, {
    reactions: own,
    deadlines: [{ ...ownWait, emits: "order.cancelled.v1" }],
  }),
  order(
    "a deadline that lets a lock go",
    completes,
    { deadlines: [{ ...wait, unless: [], emits: "order.late.v1" }] },
    { ...lock("third.made.v1", "order.late.v1"), external: ["order.late.v1"] },
  ),
  order(
    "a join that does not wait for all",
    {},
    {
      reactions: [
        {
          all: ["left.made.v1", "right.made.v1"],
          optional: ["left.made.v1"],
          emits: ["order.completed.v1"],
          readonly: true,
        },
        { on: ["third.made.v1"], emits: ["order.completed.v1"], readonly: true },
      ],
    },
  ),
  order("an end from outside", completes, {}, { arrives: ["order.cancelled.v1"] }),
  order(
    "a lock from outside",
    completes,
    {},
    {
      ...lock("outside.came.v1", "left.made.v1"),
      arrives: ["outside.came.v1"],
    },
  ),
  legs("a pivot from outside", { pivots: ["outside.came.v1"], arrives: ["outside.came.v1"] }),
  order(
    "a join with an arrival",
    { all: ["outside.came.v1", "left.made.v1"], emits: ["order.completed.v1"] },
    {},
    { ...lock("third.made.v1", "order.completed.v1"), arrives: ["outside.came.v1"] },
  ),
];

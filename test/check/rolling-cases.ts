import type { FindingCode } from "../../src/check/finding.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";

/* Deployments of one service, with what is found of them. */

type Raw = Record<string, unknown>;

export interface Deployment {
  readonly name: string;
  readonly old: Manifest;
  readonly now: Manifest;
  readonly service: string;
  readonly rollback?: boolean;
  /** Codes of the errors, in alphabetical order. */
  readonly codes: readonly FindingCode[];
}

function manifest(services: Record<string, Raw>, top: Raw = {}): Manifest {
  return toManifest({
    odori: 1,
    name: "shop",
    begins: ["order.placed.v1"],
    succeeds: ["order.completed.v1"],
    fails: ["order.cancelled.v1"],
    ...top,
    services,
  });
}

const order = {
  begins: ["order.placed.v1"],
  reactions: [
    { on: ["stock.reserved.v1"], once: "end", emits: ["order.completed.v1"], readonly: true },
    {
      on: ["payment.refunded.v1"],
      undoes: "order.placed.v1",
      once: "end",
      emits: ["order.cancelled.v1"],
    },
  ],
};

/** The step and the undo of a payment; `more` is of the step, `undo` of the undo. */
export function paying(version: string, more: Raw = {}, undo: Raw = {}): Raw {
  const authorized = `payment.authorized.${version}`;
  return {
    reactions: [
      { on: ["order.placed.v1"], emits: [authorized], ...more },
      {
        on: ["stock.sold_out.v1"],
        undoes: authorized,
        emits: ["payment.refunded.v1"],
        ...undo,
      },
    ],
  };
}

function stock(...hears: readonly string[]): Raw {
  const reserves = { emits: ["stock.reserved.v1"], fails: ["stock.sold_out.v1"] };
  return { reactions: [{ on: hears, ...reserves, readonly: true }] };
}

export const shop = (payment: Raw, ...hears: readonly string[]): Manifest =>
  manifest({ order, payment, stock: stock(...hears) });

const V1 = "payment.authorized.v1";
const V2 = "payment.authorized.v2";

function approval(deadlines: readonly Raw[], more: Raw = {}): Manifest {
  const asks = { on: ["order.placed.v1"], emits: ["approval.asked.v1"], readonly: true };
  const grants = {
    on: ["manager.approved.v1"],
    once: "end",
    emits: ["order.completed.v1"],
    readonly: true,
  };
  const expires = {
    on: ["approval.expired.v1"],
    once: "end",
    emits: ["order.cancelled.v1"],
    readonly: true,
  };
  return manifest(
    { approval: { reactions: [asks, grants, expires], deadlines, ...more } },
    { arrives: ["manager.approved.v1"] },
  );
}

/** The service asks, and then hears the answer: a deadline of the answer is called off before. */
function answered(deadlines: readonly Raw[]): Manifest {
  const asks = { on: ["order.placed.v1"], emits: ["approval.asked.v1"], readonly: true };
  const ends = { on: ["manager.approved.v1"], emits: ["order.completed.v1"], readonly: true };
  const answers = { on: ["approval.asked.v1"], emits: ["manager.approved.v1"], readonly: true };
  return manifest({
    approval: { reactions: [asks, ends], deadlines },
    manager: { reactions: [answers] },
  });
}

const expiry = {
  after: "approval.asked.v1",
  within: "PT1H",
  unless: ["manager.approved.v1"],
  emits: "approval.expired.v1",
};

function legs(join: Raw, service: Raw = {}): Manifest {
  const leg = (type: string) => ({
    reactions: [{ on: ["order.placed.v1"], emits: [type], readonly: true }],
  });
  const fires = { emits: ["order.completed.v1"], readonly: true };
  return manifest({
    a: leg("a.done.v1"),
    b: leg("b.done.v1"),
    c: leg("c.done.v1"),
    wing: { reactions: [{ ...fires, ...join }], ...service },
  });
}

function race(once: Raw): Manifest {
  const emits = (type: string) => ({
    reactions: [{ on: ["order.placed.v1"], emits: [type], readonly: true }],
  });
  return manifest({
    payment: emits("payment.paid.v1"),
    timer: emits("timer.expired.v1"),
    order: {
      reactions: [
        { on: ["payment.paid.v1"], ...once, emits: ["order.completed.v1"], readonly: true },
        { on: ["timer.expired.v1"], ...once, emits: ["order.cancelled.v1"], readonly: true },
      ],
    },
  });
}

function counted(name: Raw): Manifest {
  const counts = { on: ["order.placed.v1"], emits: ["order.completed.v1"], readonly: true };
  return manifest({ stats: { reactions: [{ ...counts, ...name }] } });
}

const both = ["a.done.v1", "b.done.v1"];
const three = [...both, "c.done.v1"];

export const DEPLOYMENTS: readonly Deployment[] = [
  {
    name: "nothing changes",
    old: shop(paying("v1"), V1),
    now: shop(paying("v1"), V1),
    service: "payment",
    rollback: true,
    codes: [],
  },
  {
    name: "effect-renamed-in-flight: a new version of the event is the same effect",
    old: shop(paying("v1"), V1, V2),
    now: shop(paying("v2"), V1, V2),
    service: "payment",
    rollback: true,
    codes: [],
  },
  {
    name: "an effect is renamed without a word about its former name",
    old: shop(paying("v1"), V1),
    now: shop(paying("v1", { effect: "charge" }, { undoes: "charge" }), V1),
    service: "payment",
    codes: ["EFFECT_GONE", "PARKED_STUCK", "STUCK"],
  },
  {
    name: "an effect is renamed, and says what it was",
    old: shop(paying("v1"), V1),
    now: shop(
      paying(
        "v1",
        { effect: "charge", effectWas: ["payment.authorized"] },
        { undoes: "charge", was: ["undo payment.authorized"] },
      ),
      V1,
    ),
    service: "payment",
    rollback: true,
    codes: [],
  },
  {
    name: "an effect gets a key, and the old undo does not find what was done with one",
    old: shop(paying("v1"), V1),
    now: shop(paying("v1", { keyed: true }, { keyed: "all" }), V1),
    service: "payment",
    codes: ["EFFECT_GONE", "PARKED_STUCK"],
  },
  {
    name: "an undo is taken away",
    old: shop(paying("v1"), V1),
    now: manifest({
      order: {
        ...order,
        reactions: order.reactions.map((entry) =>
          entry.undoes === undefined ? entry : { ...entry, on: ["stock.sold_out.v1"] },
        ),
      },
      payment: { reactions: [{ on: ["order.placed.v1"], emits: [V1] }] },
      stock: stock(V1),
    }),
    service: "payment",
    codes: ["EARLY_END", "ORPHAN"],
  },
  {
    name: "the producer goes first: it emits what no service hears yet",
    old: shop(paying("v1"), V1),
    now: shop(paying("v2"), V1),
    service: "payment",
    codes: ["STUCK"],
  },
  {
    name: "what is kept of alternatives has another version, and a name of its own",
    old: shop(paying("v1"), V1, V2),
    now: manifest(
      {
        order,
        payment: paying("v2", { effect: "charge" }, { undoes: "charge" }),
        stock: stock(V1, V2),
      },
      { oneOf: [[V1, "stock.reserved.v1"]] },
    ),
    service: "payment",
    codes: ["EFFECT_GONE", "PARKED_STUCK", "STUCK"],
  },
  {
    name: "the consumer goes first: it hears what no service emits yet",
    old: shop(paying("v1"), V1),
    now: shop(paying("v1"), V1, V2),
    service: "stock",
    codes: [],
  },
  {
    name: "rolling-deploy-deadline: a deadline is added, and fires beside an old process",
    old: approval([expiry]),
    now: approval([expiry, { ...expiry, emits: "approval.expired.v1", name: "soon" }]),
    service: "approval",
    rollback: false,
    codes: [],
  },
  {
    name: "a deadline is added, and the deployment is rolled back while it is armed",
    old: approval([expiry]),
    now: approval([expiry, { ...expiry, name: "soon" }]),
    service: "approval",
    rollback: true,
    codes: ["DEADLINE_GONE"],
  },
  {
    name: "a deadline is taken away while it is armed",
    old: approval([expiry]),
    now: approval([], {}),
    service: "approval",
    codes: ["DEADLINE_GONE", "STUCK"],
  },
  {
    name: "a deadline is retired: nothing is left behind, and a saga that needs it is stuck",
    old: approval([expiry]),
    now: approval([], { retired: { "deadline approval.expired": "approvals do not expire" } }),
    service: "approval",
    codes: ["STUCK"],
  },
  {
    name: "a deadline is armed by another event than before",
    old: approval([expiry]),
    now: approval([{ ...expiry, after: "order.placed.v1" }]),
    service: "approval",
    codes: ["DEADLINE_GONE", "STUCK"],
  },
  {
    name: "a deadline is added: it looks for what an old process has emitted",
    old: answered([]),
    now: answered([
      {
        after: "manager.approved.v1",
        within: "PT1H",
        unless: ["approval.asked.v1"],
        emits: "order.cancelled.v1",
      },
    ]),
    service: "approval",
    codes: [],
  },
  {
    name: "default-name-changes: a join without a name gathers under another one",
    old: legs({ all: both }),
    now: legs({ all: three }),
    service: "wing",
    codes: ["DEDUP_LOST", "DOUBLE_END", "STUCK"],
  },
  {
    name: "a join waits for one event more, which sagas in flight have seen pass",
    old: legs({ all: both, name: "collect" }),
    now: legs({ all: three, name: "collect" }),
    service: "wing",
    codes: ["STUCK"],
  },
  {
    name: "a join has one event more, which is optional",
    old: legs({ all: both, name: "collect" }),
    now: legs({ all: three, optional: ["c.done.v1"], name: "collect" }),
    service: "wing",
    codes: [],
  },
  {
    name: "a join waits for one event less: what is complete then fires",
    old: legs({ all: three, name: "collect" }),
    now: legs({ all: both, name: "collect" }),
    service: "wing",
    codes: [],
  },
  {
    name: "once is renamed: each version alone is sound",
    old: race({ once: "end" }),
    now: race({ once: "ending" }),
    service: "order",
    codes: ["MIXED_END"],
  },
  {
    name: "once is renamed, and says what it was",
    old: race({ once: "end" }),
    now: race({ once: "ending", onceWas: ["end"] }),
    service: "order",
    rollback: true,
    codes: [],
  },
  {
    name: "a reaction is renamed: a message that comes again is handled again",
    old: counted({ name: "count" }),
    now: counted({ name: "tally" }),
    service: "stats",
    codes: ["DEDUP_LOST", "DOUBLE_END", "STUCK"],
  },
  {
    name: "a reaction is renamed, and says what it was",
    old: counted({ name: "count" }),
    now: counted({ name: "tally", was: ["count"] }),
    service: "stats",
    codes: [],
  },
  {
    name: "a reaction is taken away: what it had to do is not done",
    old: manifest({
      stats: {
        reactions: [
          { on: ["order.placed.v1"], emits: ["stats.counted.v1"], readonly: true },
          { on: ["stats.counted.v1"], emits: ["order.completed.v1"], readonly: true },
        ],
      },
    }),
    now: manifest({
      stats: {
        reactions: [{ on: ["order.placed.v1"], emits: ["order.completed.v1"], readonly: true }],
      },
    }),
    service: "stats",
    codes: ["STUCK"],
  },
  {
    name: "a service is added that the saga needs from now on",
    old: manifest({ order, stock: stock("order.placed.v1") }),
    now: manifest({
      order,
      stock: stock("order.placed.v1"),
      mail: { reactions: [{ on: ["stock.reserved.v1"], readonly: true }] },
    }),
    service: "mail",
    codes: [],
  },
];

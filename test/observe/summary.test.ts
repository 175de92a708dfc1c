import type { Deferred, JournalRecord, SagaHistory } from "odori";
import {
  type HearersOf,
  type Reach,
  type SagaState,
  type ServiceHistory,
  summarize,
} from "odori/observe";
import { expect, it } from "vitest";
import { republishable } from "../../src/observe/republish.ts";

const ends = { succeeds: ["order.done.v1"], fails: ["order.cancelled.v1"] };
const hearers: readonly HearersOf[] = [
  new Map([["order.placed", [{ service: "payment", reaction: "charge", since: 5 }]]]),
];

const row = (id: string, change: Partial<JournalRecord> = {}): JournalRecord => ({
  reaction: "begin",
  source: "/order",
  id,
  type: "order.placed.v1",
  sagaId: "s",
  causationId: undefined,
  disposition: "done",
  effect: undefined,
  emitted: [],
  seq: 1,
  duplicates: 0,
  fingerprint: undefined,
  at: 10,
  ...change,
});

const deferred = (state: Deferred["state"]): Deferred => ({
  seq: 3,
  reaction: "charge",
  sagaId: "s",
  source: "/order",
  id: "1",
  type: "order.placed.v1",
  state,
  attempts: 1,
  claims: 0,
  dueAt: 99,
  problem: undefined,
  body: { malformed: false, text: "[]" },
  at: 7,
  reason: undefined,
});

const part = (service: string, journal: JournalRecord[], rows: Deferred[] = []) => {
  const saga = { sagaId: "s", born: 1, last: 9, correlationId: "s" };
  const history: SagaHistory = { ...saga, journal, deferred: rows };
  return { service, history };
};

const began = row("1", { disposition: "begun", emitted: [{ id: "1", type: "order.placed.v1" }] });
const charged = row("1", { reaction: "charge" });
const emits = (type: string) => row("2", { emitted: [{ id: "2", type }] });

const cases: readonly (readonly [string, SagaState, readonly ReturnType<typeof part>[]])[] = [
  ["an event that its hearer has no row of", "running", [part("order", [began])]],
  ["an event from before its hearer was there", "stuck", [part("order", [{ ...began, at: 4 }])]],
  ["all events heard, and no end", "stuck", [part("order", [began]), part("payment", [charged])]],
  [
    "the end of success",
    "succeeded",
    [part("order", [began, emits("order.done.v2")]), part("payment", [charged])],
  ],
  [
    "the end of failure",
    "failed",
    [part("order", [began, emits("order.cancelled.v1")]), part("payment", [charged])],
  ],
  [
    "a deadline that only names an end",
    "waiting",
    [
      part("order", [began, row("3", { type: "order.cancelled.v1", disposition: "suppressed" })]),
      part("payment", [charged], [deferred("armed")]),
    ],
  ],
  [
    "a delivery that is tried again",
    "retrying",
    [part("order", [began]), part("payment", [charged], [deferred("retrying")])],
  ],
  [
    "a parked delivery, also behind an end",
    "parked",
    [
      part("order", [began, emits("order.done.v1")]),
      part("payment", [charged], [deferred("parked")]),
    ],
  ],
];

it.each(cases)("a saga with %s is %s", (_, state, parts) => {
  expect(summarize(parts, { hearers, ends })?.state).toBe(state);
});

it("without known ends a saga is at rest, and of no service there is nothing", () => {
  const parts = [part("order", [began]), part("payment", [charged])];
  expect(summarize(parts, { hearers })?.state).toBe("rest");
  expect(summarize([], { hearers })).toBeUndefined();
});

const reach = (before: number, hearer = "payment"): Reach => ({
  settled: new Map([[hearer, new Map([["order", before]])]]),
});

it.each([
  ["neither outbox nor bus has it", "unheard", [part("order", [began])], reach(11)],
  ["it came when that was asked", "running", [part("order", [began])], reach(10)],
  ["the bus has told only another service", "running", [part("order", [began])], reach(11, "x")],
  ["its hearer came later", "unheard", [part("order", [{ ...began, at: 4 }])], reach(0)],
  [
    "its hearer came later, and the saga has ended",
    "succeeded",
    [part("order", [{ ...began, at: 4 }, emits("order.done.v1")])],
    reach(11),
  ],
  ["it was heard", "stuck", [part("order", [began]), part("payment", [charged])], reach(11)],
] as const)("an event of which %s makes its saga %s", (_, state, parts, known) => {
  expect(summarize(parts, { hearers, ends, reach: known })?.state).toBe(state);
});

const eventOf = (id: string) => ({ id, type: "order.placed.v1", source: "/order" });

it("only events that a hearer has no row of are published again, with their cause", () => {
  const again = row("9", { emitted: [{ id: "2", type: "order.placed.v1" }] });
  const heardBy = (id: string) => row(id, { reaction: "charge" });
  const found = (...parts: readonly ServiceHistory[]) => republishable(parts, hearers);
  expect(found(part("order", [began, again]), part("payment", [heardBy("1")]))).toMatchObject([
    { ...eventOf("2"), causationId: "9", missedBy: ["payment"], heard: false, kept: undefined },
  ]);
  const [first] = found(part("order", [began]));
  expect(first).toMatchObject(eventOf("1"));
  expect(first).not.toHaveProperty("causationId");
  const other = row("1", { reaction: "other" });
  expect(found(part("order", [began]), part("stock", [other]))).toMatchObject([{ heard: true }]);
  expect(found(part("order", [began]), part("payment", [], [deferred("parked")]))).toEqual([]);
});

import { describe, expect, it } from "vitest";
import { sampleDeferred, sampleEntry } from "../../src/conformance/samples.ts";
import type { ServiceHistory } from "../../src/observe/summary.ts";
import { cutAt } from "../../src/observer/cut.ts";
import { accountsOf, earlyIn } from "../../src/observer/ledger.ts";
import { Told } from "../../src/observer/told.ts";
import type { DeferredState } from "../../src/ports/deferred.ts";
import type { Disposition } from "../../src/ports/journal.ts";

const HEARERS = [
  new Map([["order.placed", [{ service: "payment", reaction: "charge", since: 0 }]]]),
];
const OBSERVED = new Set(["/order"]);
const PLACED = { id: "1", type: "order.placed.v1" };
const SAGA = "saga of 1";

/** What a service has of the saga: rows of its journal, by their place in the feed. */
function part(
  service: string,
  rows: readonly (readonly [number, Parameters<typeof sampleEntry>[1]])[],
  deferred: readonly DeferredState[] = [],
): ServiceHistory {
  return {
    service,
    history: {
      ...{ sagaId: SAGA, born: 1, last: 1, correlationId: SAGA },
      journal: rows.map(([seq, change]) => ({
        ...sampleEntry("1", change),
        ...{ seq, duplicates: 0, fingerprint: undefined, at: 1 },
      })),
      deferred: deferred.map((state, seq) => ({
        ...sampleDeferred("1"),
        ...{ state, seq, claims: 0, dueAt: 1, at: 1, reason: undefined },
      })),
    },
  };
}

const began = part("order", [[5, { reaction: "begin", disposition: "begun", emitted: [PLACED] }]]);
const charged = (disposition: Disposition) => [7, { disposition }] as const;

describe("a saga as of one moment", () => {
  it.each(["done", "retrying", "waiting", "parked"] as const)(
    "a delivery that is %s before its emission is read is early",
    (disposition) => {
      const payment = part("payment", [charged(disposition)]);
      const at = { service: "payment", reaction: "charge", stem: "order.placed", at: 1 };
      const early = { emitter: "order", ...at };
      expect(earlyIn([payment], HEARERS, OBSERVED)).toEqual([early]);
      expect(earlyIn([began, payment], HEARERS, OBSERVED)).toEqual([]);
      expect(earlyIn([payment], HEARERS, new Set())).toEqual([]);
    },
  );

  it("has no delivery that was put off by a row which no feed has told, but every deadline", () => {
    const payment = part("payment", [charged("retrying")], ["retrying", "armed", "gathered"]);
    const at = (upTo: number) => {
      const [cut] = cutAt([payment], new Map([["payment", { upTo, gaps: [] }]]));
      return cut?.history.deferred.map(({ state }) => state);
    };
    expect(at(7)).toEqual(["retrying", "armed", "gathered"]);
    expect(at(6)).toEqual(["armed"]);
  });
});

describe("an event from before its reaction is counted once, whichever is told first:", () => {
  const charged = part("payment", [[7, {}]]);
  const hearers = [
    new Map([["order.placed", [{ service: "payment", reaction: "charge", since: 2 }]]]),
  ];
  /** What each page counts: emitted and handled. */
  const counted = (...pages: readonly (readonly ServiceHistory[])[]) =>
    pages.map((page, n) => {
      const rows = new Map(page.map(({ service, history }) => [service, history.journal]));
      const told = new Told(new Map([[SAGA, pages.slice(0, n + 1).flat()]]), rows);
      return [...rows].flatMap(([service, own]) =>
        accountsOf(service, own, { hearers, observed: OBSERVED, told }).map(
          ({ emitted, handled }) => [emitted, handled],
        ),
      );
    });

  it.each([
    ["its emission", [[began], [charged]], [[], [[1, 1]]]],
    ["its handling", [[charged], [began]], [[[0, 1]], [[1, 0]]]],
    ["both at once", [[began, charged]], [[[1, 1]]]],
    ["its emission alone", [[began]], [[]]],
  ])("%s", (_, pages, counts) => {
    expect(counted(...pages)).toEqual(counts);
  });
});

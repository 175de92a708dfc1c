import { describe, expect, it } from "vitest";
import { Projection } from "../../src/observer/projection.ts";
import type { Passage } from "../../src/observer/rates.ts";
import { sagaRow } from "../../src/observer/saga-list.ts";
import type { Judged } from "../../src/observer/saga-rows.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const STEM = "order.placed";

/** Deliveries of one event to a service that took some time. */
function passed(service: string, count: number, wayMs: number): readonly Passage[] {
  return Array.from({ length: count }, () => ({
    ...{ emitter: "order", stem: STEM, service, reaction: STEM, at: NOW - 60_000 },
    ...{ wayMs, runMs: undefined, failed: false },
  }));
}

/** A saga of which one event has been on its way to a service since `NOW`. */
function waiting(sagaId: string, service: string): Judged {
  const open = {
    ...({ service, reaction: STEM, type: `${STEM}.v1`, state: "on its way", since: NOW } as const),
    ...{ dueAt: undefined, seq: undefined },
  };
  return {
    summary: {
      ...{ sagaId, correlationId: sagaId, state: "running", end: undefined, open: [open] },
      ...{ began: NOW, last: NOW, steps: 1, duplicates: 0 },
    },
    ...{ verdict: "running", parked: [], early: [], uncounted: new Set<string>() },
    ...{ unread: [], unnamed: [] },
  };
}

/** The last moment at which a saga is not late, and the first at which it is, after its event. */
function lateBetween(
  passages: readonly Passage[],
  moments: readonly number[],
  others: readonly Judged[] = [],
): readonly (number | undefined)[] {
  const projection = new Projection(":memory:");
  projection.apply({
    ...{ sagas: [...others, waiting("s", "payment")], accounts: [], passages, places: [] },
  });
  const verdicts = moments.map((ms) => {
    projection.tick(NOW + ms);
    return sagaRow(projection.sql, "s")?.verdict;
  });
  projection.close();
  const first = verdicts.indexOf("late");
  return [moments[first - 1], moments[first]];
}

const second = (n: number) => n * 1_000;
const SECONDS = [1, 4.9, 5.1, 9.9, 11, 19.9, 22, 59.9, 60.1, 99, 110].map(second);

describe("an event is late", () => {
  it("after ten times the 99th percentile of its own edge, and not before", () => {
    const passages = [...passed("payment", 100, 1_000), ...passed("shipping", 100, 10_000)];
    expect(lateBetween(passages, SECONDS)).toEqual([second(9.9), second(11)]);
    expect(lateBetween(passed("payment", 100, 10_000), SECONDS)).toEqual([second(99), second(110)]);
  });

  it("by the percentile: one delivery in a hundred does not count, two do", () => {
    const rare = [...passed("payment", 199, 1_000), ...passed("payment", 1, 60_000)];
    expect(lateBetween(rare, SECONDS)).toEqual([second(9.9), second(11)]);
    const slow = [...passed("payment", 196, 1_000), ...passed("payment", 4, 10_000)];
    expect(lateBetween(slow, SECONDS)).toEqual([second(99), second(110)]);
  });

  it("never within five seconds, and within a minute only where fifty have passed", () => {
    expect(lateBetween(passed("payment", 100, 1), SECONDS)).toEqual([second(4.9), second(5.1)]);
    expect(lateBetween(passed("payment", 50, 1), SECONDS)).toEqual([second(4.9), second(5.1)]);
    expect(lateBetween(passed("payment", 49, 1), SECONDS)).toEqual([second(59.9), second(60.1)]);
    expect(lateBetween([], SECONDS)).toEqual([second(59.9), second(60.1)]);
  });

  it("also behind thousands that are on their way over a slow edge", () => {
    const slow = Array.from({ length: 3_000 }, (_, n) => waiting(`a-${n}`, "shipping"));
    const passages = [...passed("payment", 100, 1), ...passed("shipping", 100, 10_000)];
    expect(lateBetween(passages, SECONDS, slow)).toEqual([second(4.9), second(5.1)]);
  });

  it("and no longer when the others take as long", () => {
    const projection = new Projection(":memory:");
    projection.apply({
      ...{ sagas: [waiting("s", "payment")], accounts: [], places: [] },
      passages: passed("payment", 100, 1),
    });
    projection.tick(NOW + second(6));
    expect(projection.counts()).toEqual(new Map([["late", 1]]));
    projection.apply({
      ...{ sagas: [], accounts: [], places: [] },
      passages: passed("payment", 100, 10_000),
    });
    projection.tick(NOW + second(20));
    expect(projection.counts()).toEqual(new Map([["running", 1]]));
    projection.close();
  });
});

import { describe, expect, it } from "vitest";
import { Follower } from "../../src/observer/follow.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import { sagaPage, sagaRow } from "../../src/observer/saga-list.ts";
import type { Judged } from "../../src/observer/saga-rows.ts";
import type { SagaVerdict } from "../../src/observer/verdict.ts";
import { eventually } from "../support/eventually.ts";

const DAY_MS = 86_400_000;
const NOW = Date.parse("2026-01-31T12:00:00Z");
const daysAgo = (days: number) => NOW - days * DAY_MS;

interface Sample {
  readonly began: number;
  readonly last?: number;
  readonly open?: boolean;
  readonly unread?: readonly string[];
}

function saga(sagaId: string, verdict: SagaVerdict, sample: Sample): Judged {
  const { began, last = began, open = false, unread = [] } = sample;
  const type = "order.placed.v1";
  const delivery = {
    ...{
      service: "payment",
      reaction: "order.placed",
      type,
      since: began,
      state: "on its way" as const,
    },
    ...{ dueAt: undefined, seq: undefined },
  } as const;
  return {
    summary: {
      ...{ sagaId, correlationId: sagaId, state: "running", began, last, steps: 1, duplicates: 0 },
      end: verdict === "succeeded" ? { id: sagaId, type, at: last } : undefined,
      open: open ? [delivery] : [],
    },
    ...{ verdict, parked: [], early: [], uncounted: new Set<string>(), unread, unnamed: [] },
  };
}

function filled(sagas: readonly Judged[], limits?: ConstructorParameters<typeof Projection>[1]) {
  const projection = new Projection(":memory:", limits);
  projection.apply({ sagas, accounts: [], passages: [], places: [] });
  return Object.assign(projection, { [Symbol.dispose]: () => projection.close() });
}

const idsIn = ({ sql }: Projection) =>
  sagaPage(sql, { limit: 500 })
    .sagas.map(({ id }) => id)
    .sort();

describe("closed sagas", () => {
  it("are forgotten seven days after the last that was written to them", () => {
    using projection = filled([
      saga("done", "succeeded", { began: daysAgo(8) }),
      saga("undone", "undone", { began: daysAgo(8) }),
      saga("rest", "rest", { began: daysAgo(8) }),
      saga("recent", "succeeded", { began: daysAgo(6.9) }),
      saga("long", "succeeded", { began: daysAgo(30), last: daysAgo(1) }),
    ]);
    projection.forget(NOW);
    expect(idsIn(projection)).toEqual(["long", "recent"]);
    expect(projection.counts()).toEqual(new Map([["succeeded", 2]]));
    expect(projection.forgotten).toBe(3);
    expect(sagaRow(projection.sql, "done")).toBeUndefined();
  });

  it("and no other, however old it is", () => {
    const old = { began: daysAgo(400) };
    using projection = filled(
      [
        saga("open", "succeeded", { ...old, open: true }),
        saga("unread", "succeeded", { ...old, unread: ["payment"] }),
        ...(["stuck", "parked", "doomed", "late", "waiting", "illegal"] as const).map((verdict) =>
          saga(verdict, verdict, old),
        ),
      ],
      { forMs: 1, most: 0 },
    );
    for (let minute = 0; minute < 3; minute++) projection.forget(NOW + minute * 60_001);
    expect(idsIn(projection).length).toBe(8);
    expect(projection.forgotten).toBe(0);
  });

  it("beyond a number, the one that began first first, whichever limit comes first", () => {
    const sagas = Array.from({ length: 50 }, (_, n) =>
      saga(`s-${n}`, n % 2 === 0 ? "succeeded" : "undone", { began: daysAgo(6) + n }),
    );
    using projection = filled([...sagas, saga("stuck", "stuck", { began: daysAgo(6) - 1 })], {
      ...{ forMs: 7 * DAY_MS, most: 10 },
    });
    projection.forget(NOW);
    const kept = sagas.slice(40).map(({ summary }) => summary.sagaId);
    expect(idsIn(projection)).toEqual([...kept, "stuck"].sort());
    expect(projection.counts()).toEqual(
      new Map([
        ["succeeded", 5],
        ["undone", 5],
        ["stuck", 1],
      ]),
    );
    expect(projection.forgotten).toBe(40);
  });

  it("some at once, and the rest at the next calls", () => {
    const sagas = Array.from({ length: 4_500 }, (_, n) =>
      saga(`s-${n}`, "succeeded", { began: daysAgo(9) }),
    );
    using projection = filled(sagas);
    const left: (number | undefined)[] = [];
    for (let n = 0; n < 3; n++) {
      projection.forget(NOW);
      left.push(projection.counts().get("succeeded"));
    }
    expect(left).toEqual([2_500, 500, undefined]);
  });

  it("while an observer follows", async () => {
    using projection = filled([saga("done", "succeeded", { began: daysAgo(8) })]);
    const follower = new Follower(new Observer({ sources: [], projection }), projection, () => NOW);
    follower.start();
    await eventually("it is forgotten", () => projection.forgotten, 1);
    await follower.stop();
  });

  it("begin again to be known when something is written to them", () => {
    const old = saga("s", "succeeded", { began: daysAgo(8) });
    using projection = filled([old]);
    projection.forget(NOW);
    const again = saga("s", "succeeded", { began: daysAgo(8), last: NOW });
    projection.apply({ sagas: [again], accounts: [], passages: [], places: [] });
    projection.forget(NOW + 60_001);
    expect(idsIn(projection)).toEqual(["s"]);
    expect(projection.counts()).toEqual(new Map([["succeeded", 1]]));
  });
});

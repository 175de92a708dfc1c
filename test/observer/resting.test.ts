import { describe, expect, it } from "vitest";
import type { RestingPlace } from "../../src/observe/resting.ts";
import { Projection } from "../../src/observer/projection.ts";
import type { Judged } from "../../src/observer/saga-rows.ts";
import type { SagaVerdict } from "../../src/observer/verdict.ts";
import { restingCases } from "./resting-cases.ts";

restingCases({ describe, it });

const RESTS: RestingPlace = {
  ...{ service: "payment", reaction: "order.placed", type: "order.placed.v1", at: 7 },
  ...{ disposition: "discarded", emitted: [] },
};

function judged(verdict: SagaVerdict, change: Partial<Judged> & { rests?: RestingPlace }): Judged {
  const { rests, ...others } = change;
  return {
    summary: {
      ...{ sagaId: "s", correlationId: "s", began: 1, last: 7, steps: 2, duplicates: 0 },
      ...{ state: "stuck", end: undefined, open: [], rests },
    },
    ...{ verdict, parked: [], early: [], uncounted: new Set<string>(), unread: [], unnamed: [] },
    ...others,
  };
}

function written(...sagas: readonly Judged[]) {
  const projection = new Projection(":memory:");
  for (const one of sagas)
    projection.apply({ sagas: [one], accounts: [], passages: [], places: [] });
  const rows = projection.sql.all("SELECT state, verdict FROM delivery");
  const kept = { rows: rows.map((row) => ({ ...row })), accounts: projection.accounts(0) };
  projection.close();
  return kept;
}

describe("the place where a saga rests", () => {
  it("bears the verdict of its saga", () => {
    const rows = [{ state: "rests", verdict: "illegal" }];
    expect(written(judged("illegal", { rests: RESTS }))).toEqual({ rows, accounts: [] });
  });

  it("is not kept as open where its service cannot be read any more", () => {
    const before = judged("stuck", { rests: RESTS });
    const now = judged("running", { unread: ["payment"] });
    expect(written(before, now)).toEqual({ rows: [], accounts: [] });
  });

  it("is once there, however often it is written", () => {
    const one = judged("stuck", { rests: RESTS });
    const rows = [{ state: "rests", verdict: "stuck" }];
    expect(written(one, one, one)).toEqual({ rows, accounts: [] });
  });

  it("is forgotten with all that follows from the journals", () => {
    const projection = new Projection(":memory:");
    const sagas = [judged("stuck", { rests: RESTS })];
    projection.apply({ sagas, accounts: [], passages: [], places: [] });
    projection.forget(Number.MAX_SAFE_INTEGER);
    expect(projection.dump()).toHaveLength(3);
    projection.reset();
    expect(projection.dump()).toEqual([]);
    projection.close();
  });
});

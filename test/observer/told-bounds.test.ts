import { expect, it } from "vitest";
import { sampleEntry } from "../../src/conformance/samples.ts";
import { observed } from "../../src/observer/observed.ts";
import { ToldSagas } from "../../src/observer/told-sagas.ts";
import type { FeedRow } from "../../src/ports/source.ts";

/** A feed that arms no deadline. */
const ORDER = {
  ...observed({ service: "order", declarations: [] }),
  arms: new Set<string>(),
};

let seq = 0;

/** A row that emits a number of events, and comes from outside. */
function row(sagaId: string, emissions: number): FeedRow {
  const id = `${sagaId}-${++seq}`;
  const emitted = Array.from({ length: emissions }, (_, n) => ({ id: `${id}-${n}`, type: "e.v1" }));
  const entry = sampleEntry(id, { sagaId, source: "/shop", disposition: "begun", emitted });
  return {
    ...entry,
    seq,
    at: 1,
    duplicates: 0,
    fingerprint: undefined,
    saga: { born: 1, last: 1, correlationId: sagaId },
  };
}

/** Takes and keeps one round. Returns the sagas that had to be read. */
function round(told: ToldSagas, met: readonly string[], rows: readonly FeedRow[]) {
  const places = { rows: new Map([["order", rows]]), from: new Map([["order", "c"]]) };
  const isMet = (born: ReadonlyMap<string, unknown>) =>
    new Set([...born.keys()].filter((id) => met.includes(id)));
  const { whole, unread } = told.take(places, [ORDER], isMet);
  told.keep(whole, [ORDER], { upTo: new Map([["order", "c"]]), at: 1 });
  return unread;
}

it("keeps sagas by what they emit: the one that was told first goes first", () => {
  const told = new ToldSagas();
  const ids = Array.from({ length: 11 }, (_, n) => `saga-${n}`);
  expect(
    round(
      told,
      [],
      ids.map((id) => row(id, 9_900)),
    ),
  ).toEqual([]);
  expect(
    round(
      told,
      ids,
      ids.map((id) => row(id, 0)),
    ),
  ).toEqual(["saga-0"]);
});

it("keeps none that would drive out the others", () => {
  const told = new ToldSagas();
  const ids = ["small", "large"];
  expect(round(told, [], [row("small", 1), row("large", 10_000)])).toEqual([]);
  expect(
    round(
      told,
      ids,
      ids.map((id) => row(id, 0)),
    ),
  ).toEqual(["large"]);
});

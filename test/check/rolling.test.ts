import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/check/compile.ts";
import { type Exploration, explore } from "../../src/check/explore.ts";
import { REDUCED, type Reductions, UNREDUCED } from "../../src/check/reductions.ts";
import { mixtureOf } from "../../src/check/rolling/mixture.ts";
import { versionNames } from "../../src/check/rolling/versions.ts";
import { type RandomPair, randomPair } from "./random-pairs.ts";
import { stem } from "./reference-effects.ts";
import { DEPLOYMENTS } from "./rolling-cases.ts";
import { rollingReference } from "./rolling-reference.ts";

/** Larger ones are passed over: each is searched three times, twice very slowly. */
const STATES_MAX = 500;
/** Of the cases by hand, which are searched to their end. */
const BY_HAND_MAX = 20_000;
/** More on request: 20,000 pairs take half an hour. */
const RUNS = Number(process.env.ODORI_PAIRS ?? 2_000);

function keysOf({ counterexamples }: Exploration): readonly string[] {
  const keys = counterexamples.map(({ violation: { code, service, event, end } }) => {
    const home = service?.replace(/\((old|NEW)\)$/, "");
    return `${code} ${home} ${stem(`${event}`)} ${end ?? ""}`.trim();
  });
  return [...new Set(keys)].sort();
}

function modelOf({ old, now, service, rollback }: RandomPair) {
  const versions = versionNames(service, rollback);
  const manifest = mixtureOf({ old, now }, versions, new Set());
  return {
    versions,
    manifest,
    model: (reductions: Reductions) =>
      compile(manifest, { versions, retentionMs: Number.POSITIVE_INFINITY, reductions }),
  };
}

function loops(keys: readonly string[]): boolean {
  return keys.some((key) => key.startsWith("UNBOUNDED_LOOP"));
}

function plainlyFound(
  { versions, manifest }: ReturnType<typeof modelOf>,
  rollback: boolean,
  statesMax: number,
) {
  return rollingReference(manifest, versions, rollback, statesMax);
}

describe("two versions of a service, by hand", () => {
  it.each(DEPLOYMENTS)("$name: the plain interpreter finds the same", (deployment) => {
    const { rollback = false } = deployment;
    const mixed = modelOf({ ...deployment, rollback });
    const short = explore(mixed.model(REDUCED), { statesMax: BY_HAND_MAX });
    expect(keysOf(short)).toEqual(plainlyFound(mixed, rollback, BY_HAND_MAX)?.violations);
  });
});

describe("two versions of a service, on random pairs of choreographies", () => {
  it("the checker finds what a plain interpreter finds, reduced or not", {
    timeout: RUNS * 1_000,
  }, () => {
    let compared = 0;
    const found = new Map<string, number>();
    const same = (pair: RandomPair) => {
      const mixed = modelOf(pair);
      const { model } = mixed;
      const short = explore(model(REDUCED), { statesMax: STATES_MAX });
      fc.pre(short.exhaustive && !loops(keysOf(short)));
      const long = explore(model(UNREDUCED), { statesMax: STATES_MAX });
      fc.pre(long.exhaustive);
      expect(keysOf(short)).toEqual(keysOf(long));
      const plain = plainlyFound(mixed, pair.rollback, 2 * STATES_MAX);
      fc.pre(plain !== undefined);
      expect(keysOf(short)).toEqual(plain?.violations);
      compared++;
      for (const code of new Set(keysOf(short).map((key) => key.split(" ")[0] ?? "")))
        found.set(code, (found.get(code) ?? 0) + 1);
    };
    fc.assert(fc.property(randomPair(), same), {
      numRuns: RUNS,
      maxSkipsPerRun: 1_000,
    });
    expect(compared).toBeGreaterThanOrEqual(RUNS);
    // Each rule of a deployment is broken by some of them.
    for (const code of ["EFFECT_GONE", "DEADLINE_GONE", "DEDUP_LOST", "STUCK", "MIXED_END"])
      expect(found.get(code) ?? 0).toBeGreaterThan(0);
  });
});

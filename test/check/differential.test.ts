import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/check/compile.ts";
import { type Exploration, explore } from "../../src/check/explore.ts";
import { violationKey } from "../../src/check/violation.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { randomManifest } from "./random.ts";
import { reference } from "./reference.ts";

/** Larger ones are passed over: each is searched three times, once very slowly. */
const STATES_MAX = 2_000;
const RUNS = 150;

function keysOf({ refutations }: Exploration): readonly string[] {
  return refutations.map(({ violation }) => violationKey(violation)).sort();
}

function loops(exploration: Exploration): boolean {
  return keysOf(exploration).some((key) => key.startsWith("UNBOUNDED_LOOP"));
}

describe("on random choreographies", () => {
  it("the reduced search finds what the plain one finds, and reaches the same reactions", { timeout: 120_000 }, () => {
    let reduced = 0;
    let plain = 0;
    const same = (manifest: Manifest) => {
      const model = compile(manifest);
      const [short, long] = [explore(model, { statesMax: STATES_MAX }), explore(model, { statesMax: STATES_MAX, plain: true })];
      fc.pre(short.exhaustive && long.exhaustive);
      reduced += short.states;
      plain += long.states;
      expect(keysOf(short)).toEqual(keysOf(long));
      expect([...short.ran]).toEqual([...long.ran]);
      expect([...short.fired]).toEqual([...long.fired]);
      expect(short.succeeded).toBe(long.succeeded);
    };
    fc.assert(fc.property(randomManifest(0), same), { numRuns: RUNS });
    // The reduction does something, or this would compare a thing with itself.
    expect(reduced).toBeLessThan(plain);
  });

  it("the checker finds what a plain interpreter of the same tables finds", { timeout: 240_000 }, () => {
    const same = (manifest: Manifest) => {
      const model = compile(manifest);
      const explored = explore(model, { statesMax: STATES_MAX });
      // The interpreter has no way to see a loop.
      fc.pre(explored.exhaustive && !loops(explored));
      const found = reference(manifest, STATES_MAX);
      fc.pre(found !== undefined);
      expect(keysOf(explored)).toEqual(found?.violations);
      expect(explored.succeeded).toBe(found?.succeeded);
      const acting = model.reactions.filter(({ index }) => explored.ran[index] !== 0);
      expect(acting.map(({ service, place }) => `${service.name} ${place}`).sort()).toEqual([...(found?.ran ?? [])].sort());
    };
    fc.assert(fc.property(randomManifest(0), same), { numRuns: RUNS });
  });

  it("each counterexample is one: its steps lead where it says", { timeout: 120_000 }, () => {
    const plays = (manifest: Manifest) => {
      const explored = explore(compile(manifest), { statesMax: STATES_MAX });
      for (const { steps } of explored.refutations) expect(steps.length).toBeLessThan(200);
      // The same again gives the same: nothing depends on chance or time.
      const again = explore(compile(manifest), { statesMax: STATES_MAX });
      expect(again.states).toBe(explored.states);
      expect(keysOf(again)).toEqual(keysOf(explored));
    };
    fc.assert(fc.property(randomManifest(10), plays), { numRuns: RUNS / 2 });
  });
});

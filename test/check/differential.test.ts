import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/check/compile.ts";
import { type Exploration, explore } from "../../src/check/explore.ts";
import { Machine } from "../../src/check/machine.ts";
import type { TransitionSource } from "../../src/check/model.ts";
import { judgeEnd } from "../../src/check/properties.ts";
import { REDUCED, type Reductions, UNREDUCED } from "../../src/check/reductions.ts";
import { counterexampleTrace } from "../../src/check/trace.ts";
import { violationKey } from "../../src/check/violation.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { withLegs } from "./legs.ts";
import { withArrivals } from "./outside.ts";
import { randomManifest } from "./random.ts";
import { reference } from "./reference.ts";
import { stem } from "./reference-effects.ts";
import { replay } from "./reference-replay.ts";

/** Larger ones are passed over: each is searched three times, once very slowly. */
const STATES_MAX = 2_000;
const RUNS = 100;

function keysOf({ counterexamples }: Exploration): readonly string[] {
  return counterexamples.map(({ violation }) => violationKey(violation)).sort();
}

/** Without the versions of its events. */
function unversioned(key: string): string {
  return key.split(" ").map(stem).join(" ");
}

function loops(exploration: Exploration): boolean {
  return keysOf(exploration).some((key) => key.startsWith("UNBOUNDED_LOOP"));
}

const NAMES = ["order", "merging", "arrivals", "symmetry"] as const;
const only = (...names: readonly (typeof NAMES)[number][]): Reductions => ({
  ...UNREDUCED,
  ...Object.fromEntries(names.map((name) => [name, true])),
});
/** Each alone, each two, and all: two may be right alone, and wrong together. */
const SOME: readonly (readonly [string, Reductions])[] = [
  ...NAMES.map((name) => [`${name} alone`, only(name)] as const),
  ...NAMES.flatMap((one, at) =>
    NAMES.slice(at + 1).map((other) => [`${one} and ${other}`, only(one, other)] as const),
  ),
  ["all of them", REDUCED],
];

/** Some with events from outside, and some with legs that look alike, or nearly so. */
const choreographies = fc.oneof(
  randomManifest(0),
  withLegs(randomManifest(0)),
  withArrivals(randomManifest(0)),
);

describe("on random choreographies", () => {
  it.each(SOME)("a search with %s finds what one without finds", { timeout: 240_000 }, (_, one) => {
    let reduced = 0;
    let plain = 0;
    const same = (manifest: Manifest) => {
      const long = explore(compile(manifest), { statesMax: STATES_MAX });
      fc.pre(long.exhaustive);
      // In a loop without bound, merged deliveries are counted further.
      const short = explore(compile(manifest, { reductions: one }), {
        statesMax: STATES_MAX * 8,
      });
      if (!loops(long)) {
        reduced += short.states;
        plain += long.states;
      }
      expect(keysOf(short)).toEqual(keysOf(long));
      expect([...short.ran]).toEqual([...long.ran]);
      expect([...short.acknowledged]).toEqual([...long.acknowledged]);
      expect([...short.fired]).toEqual([...long.fired]);
      expect(short.succeeded).toBe(long.succeeded);
      expect(short.exhaustive).toBe(true);
    };
    fc.assert(fc.property(choreographies, same), { numRuns: RUNS });
    // The reduction does something, or this would compare a thing with itself.
    expect(reduced).toBeLessThan(one === REDUCED || one.order ? plain : plain + 1);
  });

  it("the checker finds what a plain interpreter of the same tables finds", {
    timeout: 240_000,
  }, () => {
    const same = (manifest: Manifest) => {
      const model = compile(manifest, { reductions: REDUCED });
      const explored = explore(model, { statesMax: STATES_MAX });
      // The interpreter has no way to see a loop.
      fc.pre(explored.exhaustive && !loops(explored));
      const found = reference(manifest, STATES_MAX);
      fc.pre(found !== undefined);
      // The interpreter does not tell violations of one code and place apart.
      const places = explored.counterexamples.map(({ violation }) =>
        unversioned(violationKey({ ...violation, detail: undefined })),
      );
      expect([...new Set(places)].sort()).toEqual(found?.violations);
      expect(explored.succeeded).toBe(found?.succeeded);
      const acting = model.reactions.filter(({ index }) => explored.ran[index] !== 0);
      expect(acting.map(({ service, place }) => `${service.name} ${place}`).sort()).toEqual(
        [...(found?.ran ?? [])].sort(),
      );
    };
    fc.assert(fc.property(randomManifest(0), same), { numRuns: RUNS });
  });

  it("each counterexample is one: played step by step, it breaks the rule that it names", {
    timeout: 600_000,
  }, () => {
    let played = 0;
    const plays = (manifest: Manifest) => {
      const model = compile(manifest, { reductions: REDUCED });
      const explored = explore(model, { statesMax: STATES_MAX });
      // In a loop two deliveries stand for more, so its ways are not steps of the machine alone.
      fc.pre(!loops(explored));
      for (const { violation, beginning, steps } of explored.counterexamples) {
        const machine = new Machine(model);
        const state = new Uint8Array(model.size);
        const first = model.beginnings[beginning];
        if (first !== undefined) machine.begin(state, first);
        for (const { source, choice } of steps) {
          machine.broken.length = 0;
          const enabled: TransitionSource[] = [];
          machine.enabled(state, enabled, enabled);
          expect(enabled).toContain(source);
          expect(machine.choices(state, source)).toContain(choice);
          machine.apply(state, source, choice);
        }
        const certain: TransitionSource[] = [];
        machine.enabled(state, certain, []);
        const ended = certain.length === 0 ? judgeEnd(model, state) : [];
        expect([...machine.broken, ...ended].map(violationKey)).toContain(violationKey(violation));
        played++;
      }
    };
    fc.assert(fc.property(choreographies, plays), { numRuns: RUNS / 2 });
    expect(played).toBeGreaterThan(RUNS / 4);
  });

  it("the steps shown for a counterexample are steps of the plain interpreter", {
    timeout: 240_000,
  }, () => {
    let played = 0;
    const plays = (manifest: Manifest) => {
      const model = compile(manifest, { reductions: REDUCED });
      const explored = explore(model, { statesMax: STATES_MAX });
      fc.pre(!loops(explored));
      for (const { violation, beginning, steps } of explored.counterexamples) {
        const first = model.beginnings[beginning];
        if (first === undefined) continue;
        const trace = counterexampleTrace(first, steps);
        const broken = replay(manifest, trace);
        // The interpreter does not tell violations of one code and place apart.
        const key = violationKey({ ...violation, detail: undefined });
        expect(broken, JSON.stringify(trace)).toContain(unversioned(key));
        played++;
      }
    };
    fc.assert(fc.property(choreographies, plays), { numRuns: RUNS / 2 });
    expect(played).toBeGreaterThan(RUNS / 4);
  });
});

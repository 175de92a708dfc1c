import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/check/compile.ts";
import { type Exploration, explore } from "../../src/check/explore.ts";
import { Machine } from "../../src/check/machine.ts";
import type { TransitionSource } from "../../src/check/model.ts";
import { judgeEnd } from "../../src/check/properties.ts";
import { violationKey } from "../../src/check/violation.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { large } from "./large.ts";
import { randomManifest } from "./random.ts";
import { reference } from "./reference.ts";
import { stem } from "./reference-effects.ts";

/** Larger ones are passed over: each is searched three times, once very slowly. */
const STATES_MAX = 2_000;
const RUNS = 150;

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

describe("on random choreographies", () => {
  it("the reduced search finds what the plain one finds, and reaches the same reactions", {
    timeout: 120_000,
  }, () => {
    const same = (manifest: Manifest) => {
      const model = compile(manifest);
      const [short, long] = [
        explore(model, { statesMax: STATES_MAX }),
        explore(model, { statesMax: STATES_MAX, reduction: false }),
      ];
      fc.pre(short.exhaustive && long.exhaustive);
      expect(keysOf(short)).toEqual(keysOf(long));
      expect([...short.ran]).toEqual([...long.ran]);
      expect([...short.fired]).toEqual([...long.fired]);
      expect(short.succeeded).toBe(long.succeeded);
    };
    fc.assert(fc.property(randomManifest(0), same), { numRuns: RUNS });
    // The reduction does something, or this would compare a thing with itself. On small models the
    // second search, for ends that are told early, may visit more than it saves.
    const model = compile(toManifest(large({ stages: 3, width: 2 })));
    const plain = explore(model, { statesMax: 200_000, reduction: false });
    const reduced = explore(model, { statesMax: 200_000 });
    expect(reduced.states).toBeLessThan(plain.states / 2);
  });

  it("the checker finds what a plain interpreter of the same tables finds", {
    timeout: 240_000,
  }, () => {
    const same = (manifest: Manifest) => {
      const model = compile(manifest);
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
    timeout: 120_000,
  }, () => {
    let played = 0;
    const plays = (manifest: Manifest) => {
      const model = compile(manifest);
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
    fc.assert(fc.property(randomManifest(0), plays), { numRuns: RUNS / 2 });
    expect(played).toBeGreaterThan(RUNS / 4);
  });
});

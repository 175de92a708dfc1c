import assert from "node:assert/strict";
import fc from "fast-check";
import type { Runner } from "odori/conformance";
import { compile } from "../../src/check/compile.ts";
import { type Exploration, explore } from "../../src/check/explore.ts";
import { REDUCED, UNREDUCED } from "../../src/check/reductions.ts";
import { counterexampleTrace } from "../../src/check/trace.ts";
import { violationKey } from "../../src/check/violation.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { BROKEN } from "../check/broken.ts";
import { withLegs } from "../check/legs.ts";
import { randomManifest } from "../check/random.ts";
import { stem } from "../check/reference-effects.ts";
import { replay } from "../check/reference-replay.ts";
import { ABOUT_ORDER } from "./about-order.ts";

/** Larger ones are passed over. */
const STATES_MAX = 600;

/** Always the same ones, so that a mutant is caught in every run. */
function choreographies(more: readonly { readonly manifest: object }[]): readonly Manifest[] {
  const random = fc.sample(fc.oneof(randomManifest(0), withLegs(randomManifest(0))), {
    numRuns: 200,
    seed: 15,
  });
  const named = [...ABOUT_ORDER, ...more.map(({ manifest }) => manifest)];
  return [...named.map((manifest) => toManifest(manifest)), ...random];
}

function factsOf({ counterexamples, ran, fired, succeeded }: Exploration) {
  const broken = counterexamples.map(({ violation }) => violationKey(violation)).sort();
  return { broken, ran: [...ran], fired: [...fired], succeeded };
}

/** What the reductions of the checker must not lose. */
export function reductionScenarios({ it }: Runner): void {
  it("a reduced search finds what the plain one finds", async () => {
    for (const manifest of choreographies(BROKEN)) {
      const plain = explore(compile(manifest), { statesMax: STATES_MAX });
      if (!plain.exhaustive) continue;
      // Merged deliveries hide what depends on the order of two to one reaction.
      for (const reductions of [REDUCED, { ...UNREDUCED, order: true }]) {
        const reduced = explore(compile(manifest, { reductions }), { statesMax: STATES_MAX * 8 });
        assert.deepEqual(factsOf(reduced), factsOf(plain), manifest.name);
      }
    }
  });

  // Without the broken ones: the interpreter knows nothing of retention.
  it("the steps of a reduced search are steps of a saga", async () => {
    for (const manifest of choreographies([])) {
      const model = compile(manifest, { reductions: REDUCED });
      const { exhaustive, counterexamples } = explore(model, { statesMax: STATES_MAX });
      const loops = counterexamples.some(({ violation }) => violation.code === "UNBOUNDED_LOOP");
      if (!exhaustive || loops) continue;
      for (const { violation, beginning, steps } of counterexamples) {
        const first = model.beginnings[beginning];
        const trace = first === undefined ? [] : counterexampleTrace(first, steps);
        // The interpreter does not tell violations of one code and place apart.
        const place = violationKey({ ...violation, detail: undefined });
        const key = place.split(" ").map(stem).join(" ");
        assert.ok(replay(manifest, trace)?.has(key), `${manifest.name}: ${key}`);
      }
    }
  });
}

import fc from "fast-check";
import { compile } from "../../src/check/compile.ts";
import { explore } from "../../src/check/explore.ts";
import { REDUCED } from "../../src/check/reductions.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { randomManifest } from "../../test/check/random.ts";
import { playedCases } from "../../test/simulate/cases.ts";
import { asRunnable, codesFound } from "../../test/simulate/played.ts";
import type { Row } from "./row.ts";

/** Runs of each choreography of the catalogue, and of each random one. */
const SEEDS = { catalogue: 300, random: 10 };
/** Of those drawn, more are left out: they are too large, or go round without a bound. */
const STATES_MAX = 2_000;

/** Whether the runtime and the model agree, on the catalogue and on random choreographies. */
export function agreement(drawn: number): readonly Row[] {
  const catalogue = {
    what: `agrees: choreographies of the catalogue that do not, ${SEEDS.catalogue} seeds each`,
    goal: "0",
    async measure(onRun: () => void) {
      let differ = 0;
      for (const { manifest, codes } of playedCases) {
        if (await breaks(toManifest(manifest), codes, SEEDS.catalogue)) differ++;
        onRun();
      }
      return { text: `${differ} of ${playedCases.length}`, differ, played: playedCases.length };
    },
  };
  const random = {
    what: `agrees: random choreographies that do not, ${SEEDS.random} seeds each`,
    goal: "0",
    async measure(onRun: () => void) {
      let [differ, played] = [0, 0];
      for (const raw of fc.sample(randomManifest(0), { seed: 1, numRuns: drawn })) {
        const manifest = asRunnable(raw);
        const model = compile(manifest, { reductions: REDUCED });
        const { exhaustive, counterexamples } = explore(model, { statesMax: STATES_MAX });
        const codes = counterexamples.map(({ violation }) => violation.code);
        if (!exhaustive || codes.includes("UNBOUNDED_LOOP")) continue;
        played++;
        if (await breaks(manifest, codes, SEEDS.random)) differ++;
        onRun();
      }
      return { text: `${differ} of ${played}`, differ, played };
    },
  };
  return [catalogue, random];
}

/** Whether runs break what the checker does not say that they can. */
async function breaks(
  manifest: Manifest,
  known: readonly string[],
  seeds: number,
): Promise<boolean> {
  const found = await codesFound(manifest, { from: 1, seeds });
  return [...found.keys()].some((code) => !known.includes(code));
}

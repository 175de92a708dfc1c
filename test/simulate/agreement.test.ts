import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/check/compile.ts";
import { explore } from "../../src/check/explore.ts";
import { REDUCED } from "../../src/check/reductions.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { randomManifest } from "../check/random.ts";
import { playedCases } from "./cases.ts";
import { asRunnable, codesFound } from "./played.ts";

/*
 * The runtime and the model agree at each step, through crashes, duplicates and any order: journals
 * and marks of each commit are those of a transition, and what a run breaks is what the checker
 * says that it can break.
 */

/** How many times as much is played; `bench/simulate.ts` plays the most. */
const TIMES = Math.max(1, Number(process.env.ODORI_AGREEMENT ?? 1));
/** For each choreography of the catalogue: about two minutes of one core for all. */
const SEEDS = 2_000 * TIMES;

describe("each run of the catalogue does what the model allows", () => {
  it.each(playedCases)("$name", { timeout: 600_000 * TIMES }, async ({ manifest, codes }) => {
    const found = await codesFound(toManifest(manifest), { from: 1, seeds: SEEDS });
    const known: readonly string[] = codes;
    expect([...found].filter(([code]) => !known.includes(code))).toEqual([]);
  });
});

describe("each run of a random choreography does what the model allows", () => {
  it("and breaks only what the checker finds", { timeout: 240_000 * TIMES }, async () => {
    let broken = 0;
    const agrees = async (raw: Manifest) => {
      const manifest = asRunnable(raw);
      const { exhaustive, counterexamples } = explore(compile(manifest, { reductions: REDUCED }), {
        statesMax: 2_000,
      });
      const known: readonly string[] = counterexamples.map(({ violation }) => violation.code);
      fc.pre(exhaustive && !known.includes("UNBOUNDED_LOOP"));
      const found = await codesFound(manifest, { from: 1, seeds: 8 });
      expect([...found].filter(([code]) => !known.includes(code))).toEqual([]);
      if (found.size > 0) broken++;
    };
    await fc.assert(fc.asyncProperty(randomManifest(0), agrees), { numRuns: 60 * TIMES });
    expect(broken).toBeGreaterThan(10);
  });
});

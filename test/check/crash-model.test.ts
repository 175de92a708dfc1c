import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/check/compile.ts";
import { exploreCrashes } from "../../src/check/crash-model.ts";
import { explore } from "../../src/check/explore.ts";
import { REDUCED } from "../../src/check/reductions.ts";
import { violationKey } from "../../src/check/violation.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { randomManifest } from "./random.ts";
import { SOUND } from "./sound.ts";

function guarded(manifest: Manifest, both: boolean): Manifest {
  return {
    ...manifest,
    services: new Map(
      [...manifest.services].map(([name, service]) => [
        name,
        { ...service, inbox: both, fence: both },
      ]),
    ),
  };
}

function findings(manifest: Manifest) {
  const model = compile(manifest);
  const coarse = explore(compile(manifest, { reductions: REDUCED }), { statesMax: 300 });
  const keys = coarse.counterexamples.map(({ violation }) => violationKey(violation)).sort();
  const usable = coarse.exhaustive && !keys.some((key) => key.startsWith("UNBOUNDED_LOOP"));
  return {
    usable,
    coarse: keys,
    withCrashes: () => exploreCrashes(model, { statesMax: 4_000, crashes: 1 }),
  };
}

describe("begin, commit, publish, acknowledge, and a crash anywhere", () => {
  it("add nothing where every service has inbox and fence", { timeout: 600_000 }, () => {
    let compared = 0;
    const same = (manifest: Manifest) => {
      const { usable, coarse, withCrashes } = findings(guarded(manifest, true));
      fc.pre(usable);
      const { violations, exhaustive } = withCrashes();
      const keys = violations.map(violationKey).sort();
      expect(keys.filter((key) => !coarse.includes(key))).toEqual([]);
      if (!exhaustive) return;
      compared++;
      expect(keys).toEqual(coarse);
    };
    fc.assert(fc.property(randomManifest(0), same), { numRuns: 120 });
    expect(compared).toBeGreaterThan(20);
  });

  it("add nothing to what is explored of services without them", { timeout: 600_000 }, () => {
    const covered = (manifest: Manifest) => {
      const { usable, coarse, withCrashes } = findings(guarded(manifest, false));
      fc.pre(usable);
      const keys = withCrashes().violations.map(violationKey);
      expect(keys.filter((key) => !coarse.includes(key))).toEqual([]);
    };
    fc.assert(fc.property(randomManifest(0), covered), { numRuns: 80 });
  });

  it("show what a missing inbox costs", () => {
    const [sequential] = SOUND;
    const { withCrashes } = findings(guarded(toManifest(sequential?.manifest), false));
    expect(withCrashes().violations.map(({ code }) => code)).toContain("DOUBLE_EFFECT");
  });
});

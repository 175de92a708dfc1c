import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/check/compile.ts";
import { explore } from "../../src/check/explore.ts";
import { REDUCED } from "../../src/check/reductions.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { foreseenEnds, observedEnds } from "./agreement.ts";
import { BROKEN } from "./broken.ts";
import { randomManifest } from "./random.ts";
import { SOUND } from "./sound.ts";

/*
 * The runtime and the model must agree. However each saga is when nothing moves any more, the model
 * must know such an end.
 */

const SAGAS = 25;

/**
 * What the runtime can run as it stands: its own inbox and fence, nothing from outside, no clock,
 * and no loop without bound.
 */
const runnable = [...SOUND, ...BROKEN].filter(({ manifest, codes }) => {
  const { services, arrives } = toManifest(manifest);
  const own = [...services.values()].every(
    ({ inbox, fence, mayPark, deadlines }) => inbox && fence && !mayPark && deadlines.length === 0,
  );
  const refused = [
    "UNBOUNDED_LOOP",
    "FOREIGN_UNDO",
    "UNKNOWN_EFFECT",
    "NAME_GRAMMAR",
    "NEVER_EMITTED",
  ];
  return own && arrives.length === 0 && !codes.some((code) => refused.includes(code));
});

describe("the model foresees every end that the runtime reaches", () => {
  it.each(runnable)("$name", async ({ manifest: raw }) => {
    const manifest = toManifest(raw);
    const model = compile(manifest);
    const foreseen = foreseenEnds(model);
    const seen = new Set<string>();
    for (const seed of [1, 2, 3])
      for (const end of await observedEnds(manifest, model, seed, SAGAS)) seen.add(end);
    expect([...seen].filter((end) => !foreseen.has(end))).toEqual([]);
    // The handlers draw each outcome, so more than one end is seen where there are several.
    expect(seen.size).toBeGreaterThan(foreseen.size > 1 ? 1 : 0);
  });

  it("random choreographies", { timeout: 120_000 }, async () => {
    let several = 0;
    const agrees = async (raw: Manifest) => {
      const manifest = asRunnable(raw);
      const model = compile(manifest);
      const { exhaustive, counterexamples } = explore(compile(manifest, { reductions: REDUCED }), {
        statesMax: 500,
      });
      const loops = counterexamples.some(({ violation }) => violation.code === "UNBOUNDED_LOOP");
      fc.pre(exhaustive && !loops);
      const foreseen = foreseenEnds(model);
      const seen = new Set(await observedEnds(manifest, model, 1, SAGAS));
      expect([...seen].filter((end) => !foreseen.has(end))).toEqual([]);
      if (seen.size > 1) several++;
    };
    await fc.assert(fc.asyncProperty(randomManifest(0), agrees), {
      numRuns: 60,
      endOnFailure: true,
    });
    expect(several).toBeGreaterThan(10);
  });
});

/**
 * The same with inbox and fence, and without clock, parking and events from outside. Undos do not
 * fail here: the runtime marks the effect as undone then, and the model leaves it done.
 */
function asRunnable(manifest: Manifest): Manifest {
  const [first = ""] = manifest.begins;
  const services = [...manifest.services].map(([name, service], index) => {
    const begins = index === 0 ? [first] : [];
    const reactions = service.reactions.map((reaction) =>
      reaction.kind === "undo" ? { ...reaction, fails: [] } : reaction,
    );
    const runs = { inbox: true, fence: true, mayPark: false, deadlines: [], begins, reactions };
    return [name, { ...service, ...runs }] as const;
  });
  return { ...manifest, begins: [first], arrives: [], services: new Map(services) };
}

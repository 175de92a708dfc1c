import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/check/compile.ts";
import { explore } from "../../src/check/explore.ts";
import { emits } from "../../src/check/layout.ts";
import { REDUCED } from "../../src/check/reductions.ts";
import type { Manifest, ReactionEntry } from "../../src/manifest/manifest.ts";
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

/** Cases that a declaration in code cannot say. */
const PASSED_OVER = ["an undo without a key finds no effect that has one"];

/** What the runtime can run as it stands: its own inbox and fence, and no loop without bound. */
const runnable = [...SOUND, ...BROKEN]
  .filter(({ manifest, codes }) => {
    const { services } = toManifest(manifest);
    const own = [...services.values()].every(({ inbox, fence }) => inbox && fence);
    const refused = [
      "UNBOUNDED_LOOP",
      "FOREIGN_UNDO",
      "UNKNOWN_EFFECT",
      "NAME_GRAMMAR",
      "NEVER_EMITTED",
    ];
    return own && !codes.some((code) => refused.includes(code));
  })
  .filter(({ name }) => !PASSED_OVER.includes(name));

describe("the model foresees every end that the runtime reaches", () => {
  it.each(runnable)("$name", async ({ manifest: raw }) => {
    const manifest = toManifest(raw);
    const model = compile(manifest);
    const foreseen = foreseenEnds(model) ?? new Set();
    const seen = new Set<string>();
    for (const seed of [1, 2, 3])
      for (const end of await observedEnds(manifest, model, seed, SAGAS)) seen.add(end);
    expect([...seen].filter((end) => !foreseen.has(end))).toEqual([]);
    // The handlers draw each outcome, so more than one end is seen where there are several.
    expect(seen.size).toBeGreaterThan(foreseen.size > 1 ? 1 : 0);
  });

  it("random choreographies, with keys, deadlines, arrivals and what is given up on", {
    timeout: 240_000,
  }, async () => {
    let several = 0;
    const agrees = async (raw: Manifest) => {
      const manifest = asRunnable(raw);
      fc.pre(!hasDeafDeadline(manifest));
      const model = compile(manifest);
      const { exhaustive, counterexamples } = explore(compile(manifest, { reductions: REDUCED }), {
        statesMax: 500,
      });
      const loops = counterexamples.some(({ violation }) => violation.code === "UNBOUNDED_LOOP");
      fc.pre(exhaustive && !loops);
      const foreseen = foreseenEnds(model);
      if (foreseen === undefined) return fc.pre(false);
      const seen = new Set(await observedEnds(manifest, model, 1, SAGAS));
      expect([...seen].filter((end) => !foreseen.has(end))).toEqual([]);
      if (seen.size > 1) several++;
    };
    await fc.assert(fc.asyncProperty(randomManifest(0), agrees), {
      numRuns: 40,
      endOnFailure: true,
    });
    expect(several).toBeGreaterThan(8);
  });
});

/**
 * Whether a deadline names an event that its own service emits, and that comes from elsewhere too.
 * The runtime looks for it when the deadline has passed, and the model does not: see "Deadlines" of
 * the semantics.
 */
function hasDeafDeadline({ services, begins, arrives }: Manifest): boolean {
  const all = [...services.values()];
  return all.some((service) =>
    service.deadlines.some(({ after, unless }) =>
      [after, ...unless].some(
        (type) =>
          emits(service, type) &&
          (arrives.includes(type) ||
            begins.includes(type) ||
            all.some((other) => other !== service && emits(other, type)) ||
            service.reactions.some(({ hears }) => hears.includes(type))),
      ),
    ),
  );
}

/**
 * The same with inbox and fence. An undo and its step agree about keys, as the declaration demands,
 * and a join has none.
 */
function asRunnable(manifest: Manifest): Manifest {
  const [first = ""] = manifest.begins;
  const services = [...manifest.services].map(([name, service], index) => {
    const begins = index === 0 ? [first] : [];
    const keyed = index > 0 && service.reactions.some((reaction) => reaction.keyed !== false);
    const reactions = service.reactions.map((reaction): ReactionEntry => {
      if (!keyed) return { ...reaction, keyed: false };
      if (reaction.kind === "join") return { ...reaction, readonly: true };
      return { ...reaction, keyed: reaction.keyed === false ? true : reaction.keyed };
    });
    return [name, { ...service, inbox: true, fence: true, begins, reactions }] as const;
  });
  return { ...manifest, begins: [first], services: new Map(services) };
}

import fc from "fast-check";
import type { Manifest, ReactionEntry } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";

/** Events that other systems emit. */
const OUTSIDE = ["outside.e1.v1", "outside.e2.v1", "outside.e3.v1"] as const;

interface Part {
  readonly service: number;
  readonly join: boolean;
  readonly hears: readonly string[];
  /** Which of the choreography's events it emits; undefined for none. */
  readonly emits: number | undefined;
  readonly readonly: boolean;
}

/**
 * Choreographies that hear several events from outside, with joins over them. Each may come or not,
 * at any time: what the reduction of arrivals is about.
 */
export function withArrivals(choreographies: fc.Arbitrary<Manifest>): fc.Arbitrary<Manifest> {
  const part: fc.Arbitrary<Part> = fc.record({
    service: fc.nat(),
    join: fc.boolean(),
    hears: fc.shuffledSubarray([...OUTSIDE, "a.e0.v1"], { minLength: 2 }),
    emits: fc.option(fc.nat(), { nil: undefined }),
    readonly: fc.boolean(),
  });
  return fc
    .tuple(choreographies, fc.array(part, { minLength: 1, maxLength: 2 }))
    .map(([manifest, parts]) => parts.reduce(withPart, manifest));
}

function withPart(manifest: Manifest, part: Part, index: number): Manifest {
  const { services, arrives, begins, succeeds, fails } = manifest;
  const all = [...services.values()];
  const hearer = all[part.service % all.length];
  if (hearer === undefined) return manifest;
  const emitted = all.flatMap(({ reactions }) => reactions.flatMap(({ emits }) => emits.flat()));
  const types = [...succeeds, ...fails, ...emitted];
  const emits = part.emits === undefined ? [] : types.slice(part.emits % types.length).slice(0, 1);
  const hears = part.hears.filter((type) => type.startsWith("outside") || begins.includes(type));
  const reactions = [...hearer.reactions, reactionOf({ ...part, hears }, emits, index)];
  return {
    ...manifest,
    arrives: [...new Set([...arrives, ...hears.filter((type) => !begins.includes(type))])],
    services: new Map([...services, [hearer.name, { ...hearer, reactions }]]),
  };
}

/** A reaction as it is read from a manifest. */
function reactionOf(
  { join, hears, readonly }: Part,
  emits: readonly string[],
  index: number,
): ReactionEntry {
  const reaction = { name: `added${index}`, [join ? "all" : "on"]: hears, emits, readonly };
  const { services } = toManifest({
    odori: 1,
    name: "case",
    begins: ["a.e0.v1"],
    services: { hearer: { reactions: [reaction] } },
  });
  const entry = services.get("hearer")?.reactions[0];
  if (entry === undefined) throw new Error("The reaction was not read.");
  return entry;
}

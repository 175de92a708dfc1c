import { quote } from "../contract/grammar.ts";
import { flowGraph } from "./graph.ts";
import type { EventEntry, Manifest } from "./manifest.ts";
import { ManifestError, type Mistake } from "./mistakes.ts";
import { checkNames, toManifest } from "./read.ts";
import { linksSchema } from "./schema.ts";
import { checkDocument } from "./shape.ts";

/*
 * An overlay says of services in documents of others what those do not say: which event follows
 * from which, how sagas begin and end, and what two documents call the same message.
 */

/** What an overlay says. */
export interface Links {
  readonly manifest: Manifest;
  /** Names of messages in the documents, each with the name that the overlay uses. */
  readonly names: ReadonlyMap<string, string>;
}

/** An overlay that fits its schema. */
interface RawLinks {
  readonly "odori-links": 1;
  readonly name?: string;
  readonly names?: Readonly<Record<string, string>>;
}

const KEY = "odori-links";

/**
 * Tells whether a parsed document has the key `odori-links`.
 *
 * @example
 * ```ts
 * import { isLinks } from "odori/manifest";
 *
 * console.log(isLinks({ "odori-links": 1, services: {} }));
 * ```
 */
export function isLinks(value: unknown): boolean {
  return typeof value === "object" && value !== null && KEY in value;
}

/**
 * Reads an overlay. `name` names a choreography whose overlay does not. `place` adds line and
 * column to a mistake. Throws `MANIFEST_INVALID`.
 *
 * @example
 * ```ts
 * import { toLinks } from "odori/manifest";
 *
 * const { manifest, names } = toLinks({
 *   "odori-links": 1,
 *   names: { order_placed: "OrderPlaced" },
 *   begins: ["OrderPlaced"],
 *   services: { order: { begins: ["OrderPlaced"] } },
 * });
 * ```
 */
export function toLinks(
  value: unknown,
  file = "links",
  name = "links",
  place: (mistake: Mistake) => Mistake = (mistake) => mistake,
): Links {
  const shape = checkDocument<RawLinks>(linksSchema, value);
  if ("mistakes" in shape) throw new ManifestError(file, shape.mistakes.slice(0, 100).map(place));
  const { [KEY]: _, names = {}, ...rest } = shape.raw;
  const manifest = toManifest({ name, ...rest, odori: 1 }, file, place);
  const mistakes = chained(names);
  checkNames({ names }, mistakes);
  if (mistakes.length > 0) throw new ManifestError(file, mistakes.slice(0, 100).map(place));
  return { manifest: withForeignEvents(manifest), names: new Map(Object.entries(names)) };
}

/** A chain of names would depend on the order in which they are looked up. */
function chained(names: Readonly<Record<string, string>>): Mistake[] {
  return Object.entries(names)
    .filter(([from, to]) => from !== to && Object.hasOwn(names, to))
    .map(([from, to]) => {
      const message = `is ${quote(to)}, which has another name itself: write that name`;
      return { path: ["names", from], message };
    });
}

/** Marks every event of a manifest as named by others. */
export function withForeignEvents(manifest: Manifest): Manifest {
  const events = new Map<string, EventEntry>();
  for (const type of flowGraph(manifest).types) {
    const entry = manifest.events.get(type) ?? NOTHING_KNOWN;
    events.set(type, { ...entry, foreign: true });
  }
  return { ...manifest, events };
}

const NOTHING_KNOWN: EventEntry = {
  summary: undefined,
  schema: undefined,
  foreign: true,
  address: undefined,
  sensitive: [],
  suppress: new Map(),
};

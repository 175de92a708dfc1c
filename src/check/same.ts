import { stemOf } from "../contract/grammar.ts";
import type { Manifest, ServiceEntry } from "../manifest/manifest.ts";
import type { Renaming } from "./renaming.ts";

/**
 * Fields that do not change what a saga does. How long a deadline waits only matters to a service
 * that may forget the saga, and `symmetry.ts` compares that.
 */
const SILENT_FIELDS = new Set([
  ...["name", "was", "alsoHears", "alsoEmits", "retired", "suppress"],
  ...["events", "views", "external", "withinMs", "services"],
]);
/** Lists whose order has no meaning. */
const UNORDERED = new Set(["begins", "hears", "optional", "unless", "oneOf", "release"]);
/** Values of these fields are words, or names that only their service knows. */
const LOCAL = new Set(["kind", "once", "onceWas", "onEmpty"]);

type Rename = (name: string) => string;

/** Tells whether a choreography stays the same under a renaming. */
export function isSame(
  manifest: Manifest,
  typesOf: readonly string[],
  renaming: Renaming,
): boolean {
  const { services, types } = renaming;
  const stems = new Map([...types].map(([from, to]) => [stemOf(from), stemOf(to)]));
  // An effect is named by all versions of its event, so that these change places together.
  const together = typesOf.every(
    (type) => (stems.get(stemOf(type)) ?? stemOf(type)) === stemOf(types.get(type) ?? type),
  );
  if (!together) return false;
  const same: Rename = (name) => name;
  const renamed: Rename = (name) => types.get(name) ?? stems.get(name) ?? name;
  for (const [name, entry] of manifest.services) {
    const image = manifest.services.get(services.get(name) ?? name);
    if (image === undefined || textOf(entry, renamed) !== textOf(image, same)) return false;
  }
  return wholeOf(manifest, renamed) === wholeOf(manifest, same);
}

/** Writes the declarations of the whole choreography. Its lists have no order. */
function wholeOf(manifest: Manifest, rename: Rename): string {
  const fields = Object.entries(manifest).filter(([key]) => !SILENT_FIELDS.has(key));
  return JSON.stringify(
    fields.map(([key, value]) => {
      const items: readonly unknown[] = Array.isArray(value) ? value : [value];
      return [key, items.map((item) => JSON.stringify(canonical(item, key, rename))).sort()];
    }),
  );
}

function textOf(service: ServiceEntry, rename: Rename): string {
  return JSON.stringify(canonical(service, "", rename));
}

function canonical(value: unknown, key: string, rename: Rename): unknown {
  if (typeof value === "string") return LOCAL.has(key) ? value : rename(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => canonical(item, key, rename));
    return UNORDERED.has(key) ? items.map((item) => JSON.stringify(item)).sort() : items;
  }
  return Object.entries(value)
    .filter(([name]) => !SILENT_FIELDS.has(name))
    .map(([name, item]) => [name, canonical(item, name, rename)]);
}

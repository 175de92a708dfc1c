import { stemOf } from "../contract/grammar.ts";
import { flowGraph } from "../manifest/graph.ts";
import type { Manifest, ServiceEntry } from "../manifest/manifest.ts";

/** Exchanges names. Each map is its own inverse; a name that is missing stays. */
export interface Renaming {
  readonly services: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<string, string>;
}

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
export class Sameness {
  readonly #manifest: Manifest;
  readonly #whole: string;
  /** By stem: the types that are versions of one fact. */
  readonly #versions = new Map<string, string[]>();
  /** By type or stem: the services that name it. */
  readonly #naming = new Map<string, Set<string>>();

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    this.#whole = wholeOf(manifest, (name) => name);
    for (const type of flowGraph(manifest).types) {
      const stem = stemOf(type);
      this.#versions.set(stem, [...(this.#versions.get(stem) ?? []), type]);
    }
    for (const [service, entry] of manifest.services) {
      const note = (name: string) => {
        this.#naming.set(name, (this.#naming.get(name) ?? new Set()).add(service));
        return name;
      };
      canonical(entry, "", note);
    }
  }

  of({ services, types }: Renaming): boolean {
    const stems = new Map([...types].map(([from, to]) => [stemOf(from), stemOf(to)]));
    const renamed: Rename = (name) => types.get(name) ?? stems.get(name) ?? name;
    // An effect is named by all versions of its event, so that these change places together.
    for (const [stem, to] of stems)
      if (this.#versions.get(stem)?.some((type) => stemOf(types.get(type) ?? type) !== to))
        return false;
    const named = [...types.keys(), ...stems.keys()].map((name) => this.#naming.get(name) ?? []);
    for (const name of new Set([...services.keys(), ...named.flatMap((set) => [...set])])) {
      const [entry, image] = [name, services.get(name) ?? name].map((one) =>
        this.#manifest.services.get(one),
      );
      if (entry === undefined || image === undefined) return false;
      if (textOf(entry, renamed) !== textOf(image, (one) => one)) return false;
    }
    return wholeOf(this.#manifest, renamed) === this.#whole;
  }
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

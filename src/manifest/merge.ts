import { quote } from "../contract/grammar.ts";
import {
  type EventEntry,
  type JsonSchema,
  type Manifest,
  type ServiceEntry,
  typesEmittedAt,
  typesEmittedBy,
} from "./manifest.ts";
import { mismatchText, schemaMismatches } from "./subschema.ts";
import { sorted } from "./write.ts";

/** Describes two statements of manifests that exclude each other. */
export interface Contradiction {
  readonly message: string;
  readonly event: string | undefined;
  readonly service: string | undefined;
}

/** Holds the result of `mergeManifests`. */
export interface Merged {
  readonly manifest: Manifest;
  readonly contradictions: readonly Contradiction[];
}

/** Names a manifest and the file that it came from. */
export interface Source {
  readonly manifest: Manifest;
  readonly from: string;
}

/**
 * Merges the manifests of several services into one. Lists are united. The manifest of the emitting
 * service describes an event; the schemas of its consumers are kept as their views. Contradictions
 * are returned, not thrown.
 *
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { mergeManifests, readManifest } from "odori/manifest";
 *
 * const sources = ["order.json", "payment.json"].map((from) => ({
 *   from,
 *   manifest: readManifest(readFileSync(from, "utf8"), from),
 * }));
 * const { manifest, contradictions } = mergeManifests(sources);
 * ```
 */
export function mergeManifests(sources: readonly Source[]): Merged {
  const [only] = sources;
  if (only !== undefined && sources.length === 1)
    return { manifest: only.manifest, contradictions: [] };
  const manifests = sources.map(({ manifest }) => manifest);
  const contradictions: Contradiction[] = [];
  const services = mergeServices(sources, contradictions);
  const owners = claimsOf(sources, contradictions);
  const { events, views } = mergeEvents(sources, owners, contradictions);
  const union = (list: (manifest: Manifest) => readonly string[]) => [
    ...new Set(manifests.flatMap(list)),
  ];
  const unionDeep = <T>(list: (manifest: Manifest) => readonly T[]) => [
    ...new Map(manifests.flatMap(list).map((item) => [JSON.stringify(item), item])).values(),
  ];
  const succeeds = union(({ succeeds }) => succeeds);
  const fails = union(({ fails }) => fails);
  for (const event of succeeds.filter((type) => fails.includes(type))) {
    contradictions.push({
      event,
      service: undefined,
      message: `${event} is a success in one manifest and a failure in another`,
    });
  }
  // Only manifests with ends name the whole choreography.
  const names = new Set(
    (manifests.some(knowsEnds) ? manifests.filter(knowsEnds) : manifests).map(({ name }) => name),
  );
  const manifest: Manifest = {
    name: [...names].join("+"),
    begins: union(({ begins }) => begins),
    succeeds,
    fails: fails.filter((type) => !succeeds.includes(type)),
    external: union(({ external }) => external),
    arrives: union(({ arrives }) => arrives),
    pivots: union(({ pivots }) => pivots),
    undoOrder: unionDeep(({ undoOrder }) => undoOrder),
    oneOf: unionDeep(({ oneOf }) => oneOf),
    locks: unionDeep(({ locks }) => locks),
    events,
    services,
    suppress: new Map(manifests.flatMap(({ suppress }) => [...suppress])),
    views,
  };
  return { manifest, contradictions };
}

function knowsEnds({ succeeds, fails }: Manifest): boolean {
  return succeeds.length + fails.length > 0;
}

function mergeServices(
  sources: readonly Source[],
  contradictions: Contradiction[],
): ReadonlyMap<string, ServiceEntry> {
  const services = new Map<string, ServiceEntry>();
  const origin = new Map<string, string>();
  for (const { manifest, from } of sources) {
    for (const [name, entry] of manifest.services) {
      const known = services.get(name);
      if (known !== undefined && !sameService(known, entry)) {
        const places = `${quote(origin.get(name))} and ${quote(from)}`;
        const message = `the service ${quote(name)} is declared differently in ${places}`;
        contradictions.push({ service: name, event: undefined, message });
      }
      if (known === undefined) {
        services.set(name, entry);
        origin.set(name, from);
      }
    }
  }
  return services;
}

function sameService(a: ServiceEntry, b: ServiceEntry): boolean {
  const text = (entry: ServiceEntry) =>
    JSON.stringify(entry, (_, value) => (value instanceof Map ? [...value] : value));
  return text(a) === text(b);
}

/** Returns the service that emits each type. A second emitter in another file contradicts it. */
function claimsOf(
  sources: readonly Source[],
  contradictions: Contradiction[],
): ReadonlyMap<string, string> {
  const owners = new Map<string, { readonly service: string; readonly from: string }>();
  for (const { manifest, from } of sources) {
    for (const [service, { begins, reactions, deadlines }] of manifest.services) {
      for (const type of new Set([
        ...begins,
        ...reactions.flatMap(typesEmittedBy),
        ...deadlines.flatMap(typesEmittedAt),
      ])) {
        const known = owners.get(type);
        if (known === undefined) owners.set(type, { service, from });
        else if (known.service !== service && known.from !== from) {
          const first = `${quote(known.service)} in ${quote(known.from)}`;
          const second = `${quote(service)} in ${quote(from)}`;
          const message = `${type} is emitted by ${first} and by ${second}`;
          contradictions.push({ event: type, service, message });
        }
      }
    }
  }
  return new Map([...owners].map(([type, { service }]) => [type, service]));
}

function mergeEvents(
  sources: readonly Source[],
  owners: ReadonlyMap<string, string>,
  contradictions: Contradiction[],
) {
  const events = new Map<string, EventEntry>();
  const views = new Map<string, Map<string, JsonSchema>>();
  // The owner's description comes first.
  const said = sources.flatMap(({ manifest, from }) =>
    [...manifest.events].map(([type, entry]) => ({ type, entry, manifest, from })),
  );
  const owned = ({ type, manifest }: (typeof said)[number]) =>
    manifest.services.has(owners.get(type) ?? "");
  const origin = new Map<string, string>();
  for (const { type, entry, manifest, from } of [
    ...said.filter(owned),
    ...said.filter((item) => !owned(item)),
  ]) {
    const known = events.get(type);
    if (known === undefined) {
      events.set(type, entry);
      origin.set(type, from);
      continue;
    }
    events.set(type, {
      summary: known.summary ?? entry.summary,
      schema: known.schema ?? entry.schema,
      sensitive: [...new Set([...known.sensitive, ...entry.sensitive])],
      suppress: new Map([...entry.suppress, ...known.suppress]),
    });
    if (
      entry.schema === undefined ||
      known.schema === undefined ||
      same(entry.schema, known.schema)
    )
      continue;
    if (owned({ type, entry, manifest, from })) {
      contradictions.push({
        event: type,
        service: undefined,
        message: `${type} has two schemas, in ${quote(origin.get(type))} and in ${quote(from)}`,
      });
    }
    for (const [service, { reactions, alsoHears }] of manifest.services) {
      const hears = (one: string) => one === type || alsoHears.get(one)?.includes(type) === true;
      if (!reactions.some((reaction) => reaction.hears.some(hears))) continue;
      const reasons = schemaMismatches(known.schema, entry.schema).map(mismatchText);
      if (reasons.length > 0) {
        const promise = `${quote(origin.get(type))} promises`;
        const shown = reasons.slice(0, 3).join("; ");
        const message = `${quote(service)} expects more of ${type} than ${promise}: ${shown}`;
        contradictions.push({ event: type, service, message });
      }
      const view = views.get(service) ?? new Map<string, JsonSchema>();
      views.set(service, view.set(type, entry.schema));
    }
  }
  for (const { manifest } of sources)
    for (const [service, view] of manifest.views)
      views.set(service, new Map([...view, ...(views.get(service) ?? [])]));
  return { events, views };
}

function same(a: JsonSchema, b: JsonSchema): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

import { flowGraph } from "./graph.ts";
import { type Manifest, type ServiceEntry, typesEmittedBy } from "./manifest.ts";

/** What an overlay has to say of one service. */
export interface ServiceSkeleton {
  readonly name: string;
  readonly hears: readonly string[];
  readonly emits: readonly string[];
}

/** What an overlay has to say of the services in documents of others, as far as they tell it. */
export interface LinksSkeleton {
  /** Names of messages that seem to be other names of one message. */
  readonly names: ReadonlyMap<string, string>;
  /** Events that only begin sagas: their service hears nothing. */
  readonly begins: readonly string[];
  /** Events that may begin sagas. */
  readonly mayBegin: readonly string[];
  /** Events that may end sagas: no service hears them. */
  readonly mayEnd: readonly string[];
  readonly services: readonly ServiceSkeleton[];
}

/** Finds what an overlay has to say of the unlinked services of a manifest. */
export function linksSkeleton(manifest: Manifest): LinksSkeleton {
  const unlinked = [...manifest.services.values()].filter((service) => service.unlinked);
  const { emitters, hearers } = flowGraph(manifest);
  const names = otherNames([...emitters.keys()], [...hearers.keys()]);
  const one = (types: readonly string[]) => [
    ...new Set(types.map((type) => names.get(type) ?? type)),
  ];
  const services = unlinked.map(({ name, begins, reactions }: ServiceEntry) => ({
    name,
    hears: one(reactions.flatMap(({ hears }) => hears)),
    emits: one([...begins, ...reactions.flatMap(typesEmittedBy)]),
  }));
  const heard = new Set(one([...hearers.keys()]));
  const emitted = one([...emitters.keys()]);
  return {
    names,
    begins: services.flatMap(({ hears, emits }) => (hears.length === 0 ? emits : [])),
    mayBegin: emitted.filter((type) => heard.has(type)),
    mayEnd: emitted.filter((type) => !heard.has(type)),
    services,
  };
}

/**
 * Finds names that differ in case, in punctuation, or in a word such as "Event" at the end. A name
 * that a service emits stays.
 */
function otherNames(
  emitted: readonly string[],
  heard: readonly string[],
): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  const names = new Map<string, string>();
  for (const type of new Set([...emitted, ...heard])) {
    const bare = type.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
    const key = bare.replace(/(event|message)$/, "") || bare;
    const known = first.get(key);
    if (known === undefined) first.set(key, type);
    else names.set(type, known);
  }
  return names;
}

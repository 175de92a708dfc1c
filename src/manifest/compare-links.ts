import type { Contradiction, Source } from "./contradiction.ts";
import { flowGraph } from "./graph.ts";
import { type Manifest, type ServiceEntry, typesEmittedBy } from "./manifest.ts";

/*
 * What is said of the links of a service is compared with what the document of the service says it
 * hears and emits. A proof about anything else would not be about that service.
 */

/** Compares a service with its unlinked description in a document of others. */
export function compareLinks(
  linked: ServiceEntry,
  described: ServiceEntry,
  document: string,
): readonly Contradiction[] {
  const { name: service } = linked;
  const [known, said] = [useOf(described), useOf(linked)];
  const without = (all: ReadonlySet<string>, some: ReadonlySet<string>) =>
    [...all].filter((type) => !some.has(type));
  const about = (code: Contradiction["code"], event: string, message: string) => ({
    code,
    event,
    service,
    message,
  });
  const says = `${document} says that ${service}`;
  return [
    ...without(known.hears, said.hears).map((event) =>
      about("LINKS_INCOMPLETE", event, `${says} hears ${event}; its links do not`),
    ),
    ...without(known.emits, said.emits).map((event) =>
      about("LINKS_INCOMPLETE", event, `${says} emits ${event}; its links do not`),
    ),
    ...without(said.hears, known.hears).map((event) =>
      about("LINKS_UNKNOWN", event, `a link of ${service} hears ${event}, unlike ${document}`),
    ),
    ...without(said.emits, known.emits).map((event) =>
      about("LINKS_UNKNOWN", event, `a link of ${service} emits ${event}, unlike ${document}`),
    ),
  ];
}

/** Compares overlays with all other sources: what they name must be there, and all be linked. */
export function compareOverlays(
  sources: readonly Source[],
  services: ReadonlyMap<string, ServiceEntry>,
): readonly Contradiction[] {
  const overlays = sources.filter(({ names }) => names !== undefined);
  const others = sources.filter(({ names }) => names === undefined);
  if (overlays.length === 0 || others.length === 0) return [];
  const found: Contradiction[] = [];
  const described = new Set(others.flatMap(({ manifest }) => [...manifest.services.keys()]));
  const events = new Set(others.flatMap(({ manifest }) => flowGraph(manifest).types));
  for (const { manifest, from, names = new Map<string, string>() } of overlays) {
    const unknown = (event: string | undefined, service: string | undefined, message: string) =>
      found.push({ code: "LINKS_UNKNOWN", event, service, message: `${from} names ${message}` });
    for (const service of manifest.services.values()) {
      if (described.has(service.name)) continue;
      unknown(undefined, service.name, `the service ${service.name}, which no document describes`);
      // What the document would say is believed, so that its events are not unknown too.
      for (const type of [...useOf(service).emits, ...useOf(service).hears]) events.add(type);
    }
    const used = new Set([...services.values()].flatMap((service) => [...mentioned(service)]));
    for (const type of endsOf(manifest))
      if (!events.has(type) && !used.has(type))
        unknown(type, undefined, `${type}, a message of no document`);
    for (const [name, type] of names)
      if (!events.has(type)) unknown(type, undefined, `${name}, a message of no document`);
  }
  for (const { name, unlinked } of services.values()) {
    if (!unlinked) continue;
    const message = `no overlay has links of ${name}`;
    found.push({ code: "LINKS_INCOMPLETE", event: undefined, service: name, message });
  }
  return found;
}

function endsOf(manifest: Manifest): readonly string[] {
  const { begins, succeeds, fails, external, arrives, pivots, undoOrder, oneOf, locks } = manifest;
  const locked = locks.flatMap(({ acquire, release }) => [acquire, ...release]);
  const all = [begins, succeeds, fails, external, arrives, pivots, undoOrder.flat(), oneOf.flat()];
  return [...new Set([...all.flat(), ...locked])];
}

function mentioned(service: ServiceEntry): readonly string[] {
  const { hears, emits } = useOf(service);
  return [...hears, ...emits];
}

function useOf({ begins, reactions, deadlines }: ServiceEntry): {
  readonly hears: ReadonlySet<string>;
  readonly emits: ReadonlySet<string>;
} {
  const emits = new Set([
    ...begins,
    ...reactions.flatMap(typesEmittedBy),
    ...deadlines.map(({ emits }) => emits),
  ]);
  // A deadline may be armed and called off by events that the service itself emits.
  const timed = deadlines.flatMap(({ after, unless }) => [after, ...unless]);
  const hears = new Set([
    ...reactions.flatMap(({ hears }) => hears),
    ...timed.filter((type) => !emits.has(type)),
  ]);
  return { hears, emits };
}

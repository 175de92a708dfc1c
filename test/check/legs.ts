import fc from "fast-check";
import { stemOf } from "../../src/contract/grammar.ts";
import {
  type DeadlineEntry,
  type Manifest,
  type ReactionEntry,
  type ServiceEntry,
  typesEmittedBy,
} from "../../src/manifest/manifest.ts";

/*
 * Random choreographies with legs that look alike: a service is copied under other names, and what
 * is said of its events is said of the copies' events as well. Some copies are then changed in one
 * place, so that they only nearly look alike.
 */

/** A choreography with copies of one of its services. */
export function withLegs(manifests: fc.Arbitrary<Manifest>): fc.Arbitrary<Manifest> {
  return fc
    .record({
      manifest: manifests,
      place: fc.nat({ max: 3 }),
      copies: fc.constantFrom(1, 1, 2),
      flaw: fc.option(fc.constantFrom(...FLAWS), { freq: 2 }),
    })
    .map(({ manifest, place, copies, flaw }) => {
      const leg = [...manifest.services.values()][place];
      if (leg === undefined) return manifest;
      const names = Array.from({ length: copies }, (_, index) => `${leg.name}copy${index}`);
      const copied = names.reduce((known, name) => copy(known, leg, name), manifest);
      const last = copied.services.get(names.at(-1) ?? "");
      return flaw === null || last === undefined ? copied : flaw(copied, last);
    });
}

function copy(manifest: Manifest, leg: ServiceEntry, name: string): Manifest {
  const own = ownEvents(manifest, leg);
  const twin = (type: string) => (own.has(type) ? `${name}.${type.replace(/^\w+\./, "")}` : type);
  const twinned = (types: readonly string[]) => [...new Set(types.map(twin))];
  const both = (types: readonly string[]) => [
    ...new Set(types.flatMap((type) => [type, twin(type)])),
  ];
  const stems = new Map([...own].map((type) => [stemOf(type), stemOf(twin(type))]));
  const reactionOf = (entry: ReactionEntry): ReactionEntry => ({
    ...entry,
    hears: twinned(entry.hears),
    undoes: entry.undoes && (stems.get(entry.undoes) ?? entry.undoes),
    emits: entry.emits.map(twinned),
    fails: entry.fails.map(twinned),
    late: entry.late.map(twinned),
    onParked: entry.onParked && twin(entry.onParked),
  });
  const deadlineOf = (entry: DeadlineEntry): DeadlineEntry => ({
    ...entry,
    after: twin(entry.after),
    unless: twinned(entry.unless),
    emits: twin(entry.emits),
  });
  const services = [...manifest.services.values()].map((service): ServiceEntry => {
    if (service.name === leg.name) return service;
    const reactions = service.reactions.map((entry) => ({ ...entry, hears: both(entry.hears) }));
    const deadlines = service.deadlines.flatMap((entry) => {
      const symmetric = { ...entry, unless: both(entry.unless) };
      return own.has(entry.after)
        ? [symmetric, { ...symmetric, after: twin(entry.after) }]
        : symmetric;
    });
    return { ...service, reactions, deadlines };
  });
  const another: ServiceEntry = {
    ...leg,
    name,
    begins: [],
    reactions: leg.reactions.map(reactionOf),
    deadlines: leg.deadlines.map(deadlineOf),
  };
  const lockOf = (lock: Manifest["locks"][number]) => ({ ...lock, release: both(lock.release) });
  return {
    ...manifest,
    succeeds: both(manifest.succeeds),
    fails: both(manifest.fails),
    arrives: both(manifest.arrives),
    pivots: both(manifest.pivots),
    undoOrder: manifest.undoOrder.flatMap(([a, b]) =>
      own.has(a) || own.has(b) ? [[a, b] as const, [twin(a), twin(b)] as const] : [[a, b] as const],
    ),
    oneOf: manifest.oneOf.map(both),
    locks: manifest.locks.flatMap((lock) =>
      own.has(lock.acquire)
        ? [
            lockOf(lock),
            { ...lockOf(lock), name: `${lock.name} of ${name}`, acquire: twin(lock.acquire) },
          ]
        : [lockOf(lock)],
    ),
    services: new Map([...services, another].map((service) => [service.name, service])),
  };
}

/** Events that no other service emits, and that begin no saga. */
function ownEvents(manifest: Manifest, leg: ServiceEntry): ReadonlySet<string> {
  const emittedBy = ({ begins, reactions, deadlines }: ServiceEntry) => [
    ...begins,
    ...reactions.flatMap(typesEmittedBy),
    ...deadlines.map(({ emits }) => emits),
  ];
  const others = [...manifest.services.values()].filter(({ name }) => name !== leg.name);
  const foreign = new Set([...manifest.begins, ...others.flatMap(emittedBy)]);
  return new Set(emittedBy(leg).filter((type) => !foreign.has(type)));
}

type Flaw = (manifest: Manifest, leg: ServiceEntry) => Manifest;

function changed(manifest: Manifest, leg: ServiceEntry, change: Partial<ServiceEntry>): Manifest {
  return {
    ...manifest,
    services: new Map([...manifest.services, [leg.name, { ...leg, ...change }]]),
  };
}

function firstReaction(change: (entry: ReactionEntry) => Partial<ReactionEntry>): Flaw {
  return (manifest, leg) =>
    changed(manifest, leg, {
      reactions: leg.reactions.map((entry, place) =>
        place === 0 ? { ...entry, ...change(entry) } : entry,
      ),
    });
}

const isOf = (leg: ServiceEntry) => (type: string) => type.startsWith(`${leg.name}.`);

/** Ways in which the last leg differs from the others. */
const FLAWS: readonly Flaw[] = [
  (manifest, leg) => changed(manifest, leg, { fence: !leg.fence }),
  (manifest, leg) => changed(manifest, leg, { inbox: !leg.inbox }),
  (manifest, leg) => changed(manifest, leg, { mayPark: !leg.mayPark }),
  (manifest, leg) => changed(manifest, leg, { deadlines: [] }),
  firstReaction(({ readonly }) => ({ readonly: !readonly })),
  firstReaction(({ onEmpty }) => ({ onEmpty: onEmpty === "ack" ? "silent" : "ack" })),
  firstReaction(({ fails }) => ({ fails: fails.slice(1) })),
  firstReaction(({ once }) => ({ once: once === undefined ? "x" : undefined })),
  firstReaction(({ max }) => ({ max: max === undefined ? 1 : undefined })),
  firstReaction(({ hears }) => ({ hears: [...hears, "a.e0.v1"].slice(-hears.length) })),
  (manifest, leg) => ({
    ...manifest,
    pivots: manifest.pivots.filter((type) => !isOf(leg)(type)),
    succeeds: manifest.succeeds.filter((type) => !isOf(leg)(type)),
  }),
  (manifest, leg) => ({ ...manifest, fails: manifest.fails.filter((type) => !isOf(leg)(type)) }),
  (manifest, leg) => ({
    ...manifest,
    undoOrder: manifest.undoOrder.filter((pair) => !pair.some(isOf(leg))),
  }),
  (manifest, leg) => ({
    ...manifest,
    oneOf: manifest.oneOf.map((group) => group.filter((type) => !isOf(leg)(type))),
  }),
  (manifest, leg) => ({
    ...manifest,
    locks: manifest.locks.map((lock) => ({
      ...lock,
      release: lock.release.filter((type) => !isOf(leg)(type)),
    })),
  }),
  (manifest, leg) => ({
    ...manifest,
    locks: manifest.locks.filter(({ acquire }) => !isOf(leg)(acquire)),
  }),
  (manifest, leg) => ({
    ...manifest,
    arrives: manifest.arrives.filter((type) => !isOf(leg)(type)),
  }),
];

import { stemOf } from "../contract/grammar.ts";
import {
  type DeadlineEntry,
  type EventEntry,
  type Lineage,
  type Manifest,
  type ManifestOutcome,
  type ReactionEntry,
  type ServiceEntry,
  typesEmittedAt,
} from "./manifest.ts";

/*
 * The versions of one event, which some service converts, are one event for the tools: a saga is
 * the same whichever version travels. That holds only if each hearer reads a version that each
 * emitter publishes.
 */

/**
 * Replaces the versions of each event by the newest one, where every hearer reads what every
 * emitter publishes. Other versions stay apart, so that the rules show what is not heard.
 */
export function oneEventPerLineage(manifest: Manifest): Manifest {
  const newest = new Map<string, string>();
  for (const group of groupsOf(manifest)) {
    if (!isUnderstood(manifest, group)) continue;
    const [first = ""] = [...group].sort((a, b) => versionOf(b) - versionOf(a));
    for (const type of group) newest.set(type, first);
  }
  return newest.size === 0 ? manifest : renamed(manifest, newest);
}

function versionOf(type: string): number {
  return Number(type.slice(stemOf(type).length + ".v".length));
}

/** Returns the sets of types that conversions link. */
function groupsOf({ services }: Manifest): readonly ReadonlySet<string>[] {
  const groups = new Map<string, Set<string>>();
  for (const { alsoHears, alsoEmits } of services.values()) {
    for (const [type, others] of [...alsoHears, ...alsoEmits]) {
      const group = new Set([type, ...others].flatMap((one) => [one, ...(groups.get(one) ?? [])]));
      for (const one of group) groups.set(one, group);
    }
  }
  return [...new Set(groups.values())];
}

function isUnderstood(manifest: Manifest, group: ReadonlySet<string>): boolean {
  const read = [...manifest.services.values()].flatMap((service) => readBy(service, group));
  return publishedIn(manifest, group).every((types) =>
    read.every((accepted) => types.some((type) => accepted.includes(type))),
  );
}

/** Returns the versions of each emission of the group: one that a hearer reads is enough. */
function publishedIn(
  { services, begins, arrives }: Manifest,
  group: ReadonlySet<string>,
): readonly (readonly string[])[] {
  const own = [...services.values()].flatMap((service) => {
    const { reactions, deadlines, alsoEmits } = service;
    const outcomes: readonly ManifestOutcome[] = [
      ...service.begins.map((type) => [type]),
      ...reactions.flatMap(({ emits, fails, late, onParked }) => [
        ...emits,
        ...fails,
        ...late,
        onParked === undefined ? [] : [onParked],
      ]),
      ...deadlines.flatMap((entry) => typesEmittedAt(entry).map((type) => [type])),
    ];
    return outcomes.map((outcome) => expanded(outcome, alsoEmits, group));
  });
  const begun = new Set([...services.values()].flatMap((service) => service.begins));
  const outside = [...begins.filter((type) => !begun.has(type)), ...arrives]
    .filter((type) => group.has(type))
    .map((type) => [type]);
  return [...own, ...outside].filter((types) => types.length > 0);
}

/** Returns the versions that each part of a service reads. */
function readBy(
  { reactions, deadlines, alsoHears }: ServiceEntry,
  group: ReadonlySet<string>,
): readonly (readonly string[])[] {
  const heard = [
    ...reactions.flatMap(({ kind, hears }) =>
      kind === "join" ? hears.map((type) => [type]) : [hears],
    ),
    ...deadlines.flatMap(({ after, unless }) => [[after], unless]),
  ];
  return heard.map((types) => expanded(types, alsoHears, group)).filter(({ length }) => length > 0);
}

function expanded(
  types: readonly string[],
  also: Lineage,
  group: ReadonlySet<string>,
): readonly string[] {
  const own = types.filter((type) => group.has(type));
  return own.flatMap((type) => [type, ...(also.get(type) ?? [])]);
}

function renamed(manifest: Manifest, newest: ReadonlyMap<string, string>): Manifest {
  const one = (type: string) => newest.get(type) ?? type;
  const all = (types: readonly string[]) => [...new Set(types.map(one))];
  const outcomes = (list: readonly ManifestOutcome[]) => [
    ...new Map(list.map(all).map((outcome) => [outcome.join(" "), outcome])).values(),
  ];
  const rest = (also: Lineage): Lineage => new Map([...also].filter(([type]) => !newest.has(type)));
  const reaction = (entry: ReactionEntry): ReactionEntry => ({
    ...entry,
    hears: all(entry.hears),
    optional: all(entry.optional),
    emits: outcomes(entry.emits),
    fails: outcomes(entry.fails),
    late: outcomes(entry.late),
    onParked: entry.onParked && one(entry.onParked),
  });
  const deadline = (entry: DeadlineEntry): DeadlineEntry => ({
    ...entry,
    after: one(entry.after),
    unless: all(entry.unless),
    emits: one(entry.emits),
    onParked: entry.onParked && one(entry.onParked),
  });
  const service = (entry: ServiceEntry): ServiceEntry => ({
    ...entry,
    begins: all(entry.begins),
    reactions: entry.reactions.map(reaction),
    deadlines: entry.deadlines.map(deadline),
    alsoHears: rest(entry.alsoHears),
    alsoEmits: rest(entry.alsoEmits),
  });
  const events = new Map<string, EventEntry>();
  // Of the versions' entries, the newest one's counts.
  for (const [type, entry] of manifest.events)
    if (one(type) === type || !manifest.events.has(one(type))) events.set(one(type), entry);
  return {
    ...manifest,
    begins: all(manifest.begins),
    succeeds: all(manifest.succeeds),
    fails: all(manifest.fails),
    external: all(manifest.external),
    arrives: all(manifest.arrives),
    pivots: all(manifest.pivots),
    undoOrder: manifest.undoOrder.map(([first, second]) => [one(first), one(second)]),
    oneOf: manifest.oneOf.map(all),
    locks: manifest.locks.map((lock) => ({
      ...lock,
      acquire: one(lock.acquire),
      release: all(lock.release),
    })),
    events,
    services: new Map([...manifest.services].map(([name, entry]) => [name, service(entry)])),
    views: new Map(
      [...manifest.views].map(([name, views]) => [
        name,
        new Map([...views].filter(([type]) => one(type) === type)),
      ]),
    ),
  };
}

import type {
  DeadlineEntry,
  Manifest,
  ManifestOutcome,
  ReactionEntry,
  ServiceEntry,
} from "../../src/manifest/manifest.ts";
import { stem } from "./reference-effects.ts";
import type { Phase } from "./rolling-state.ts";

/*
 * Names and effects of a service that has two versions, written from the page on deployments once
 * more: what is kept in the database is found by its oldest name.
 */

/** Asked for each delivery of each state: computed once for each version. */
function perVersion<T>(compute: (entry: ServiceEntry) => T): (entry: ServiceEntry) => T {
  const known = new WeakMap<ServiceEntry, T>();
  return (entry) => {
    const found = known.get(entry);
    if (found !== undefined) return found;
    const made = compute(entry);
    known.set(entry, made);
    return made;
  };
}

function perVersionAnd<T>(
  compute: (entry: ServiceEntry, text: string) => T,
): (entry: ServiceEntry, text: string) => T {
  const all = perVersion<Map<string, T>>(() => new Map());
  return (entry, text) => {
    const known = all(entry);
    const found = known.get(text);
    if (found !== undefined || known.has(text)) return found as T;
    const made = compute(entry, text);
    known.set(text, made);
    return made;
  };
}

export interface Home {
  readonly name: string;
  /** One, or the old and the new one. */
  readonly versions: readonly ServiceEntry[];
}

export interface Pair {
  readonly service: string;
  readonly old: string;
  readonly now: string;
}

export function homesOf(manifest: Manifest, { service, old, now }: Pair): readonly Home[] {
  const homes = new Map<string, ServiceEntry[]>();
  for (const entry of manifest.services.values()) {
    const name = entry.name === old || entry.name === now ? service : entry.name;
    homes.set(name, [...(homes.get(name) ?? []), entry]);
  }
  return [...homes].map(([name, versions]) => ({ name, versions }));
}

/** The versions of a service of which processes run. */
export function running(pair: Pair, home: Home, phase: Phase): readonly ServiceEntry[] {
  if (home.name !== pair.service) return home.versions;
  const old = phase === "old" || phase === "both" || phase === "back";
  const now = phase === "both" || phase === "new";
  return home.versions.filter(({ name }) => (name === pair.old ? old : now));
}

export function otherVersion(home: Home, entry: ServiceEntry): ServiceEntry | undefined {
  return home.versions.find((other) => other !== entry);
}

function oldest(name: string, was: readonly string[]): string {
  return (was[0] ?? name).replace(/\.v\d+(?=$|[ |+])/g, "");
}

function nameOfReaction({ name, kind, hears, undoes }: ReactionEntry): string {
  if (name !== undefined) return name;
  if (kind === "undo") return `undo ${undoes}`;
  const stems = [...new Set(hears.map(stem))].sort();
  return kind === "join" ? `all ${stems.join("+")}` : stems.join("|");
}

/** The n-th of one name is the n-th of that name in the other version. */
function counted(names: readonly string[]): readonly string[] {
  return names.map((name, place) => {
    const before = names.slice(0, place).filter((other) => other === name).length;
    return `${name}/${before}`;
  });
}

export const reactionParts = perVersion(({ reactions }: ServiceEntry): readonly string[] => {
  return counted(reactions.map((entry) => oldest(nameOfReaction(entry), entry.was)));
});

export const deadlineParts = perVersion(({ deadlines }: ServiceEntry): readonly string[] => {
  return counted(
    deadlines.map(({ name, emits, was }) => oldest(name ?? `deadline ${stem(emits)}`, was)),
  );
});

export const reactionOf = perVersionAnd(
  (entry: ServiceEntry, part: string): ReactionEntry | undefined => {
    return entry.reactions[reactionParts(entry).indexOf(part)];
  },
);

export const deadlineOf = perVersionAnd(
  (entry: ServiceEntry, part: string): DeadlineEntry | undefined => {
    return entry.deadlines[deadlineParts(entry).indexOf(part)];
  },
);

export const onceMark = perVersionAnd(({ reactions }: ServiceEntry, once: string): string => {
  const same = reactions.filter((one) => one.once === once);
  return oldest(once, same.find(({ onceWas }) => onceWas.length > 0)?.onceWas ?? []);
});

/** The effect that an outcome leaves, by the name that its version gives it. */
export function effectOf(
  service: ServiceEntry,
  { kind, readonly, effect }: ReactionEntry,
  outcome: ManifestOutcome,
): string | undefined {
  if (kind === "undo" || readonly || outcome.length === 0) return undefined;
  if (effect !== undefined) return effect;
  const stems = outcome.map(stem);
  return stems.find((one) => service.reactions.some(({ undoes }) => undoes === one)) ?? stems[0];
}

export const effectsOf = perVersion((service: ServiceEntry): readonly string[] => {
  const done = service.reactions.flatMap((entry) =>
    entry.emits.flatMap((outcome) => effectOf(service, entry, outcome) ?? []),
  );
  return [...new Set([...service.begins.map(stem), ...done])];
});

export const effectMark = perVersionAnd(({ reactions }: ServiceEntry, name: string): string => {
  const same = reactions.filter(({ effect }) => effect === name);
  return oldest(name, same.find(({ effectWas }) => effectWas.length > 0)?.effectWas ?? []);
});

/** The marks that a reaction leaves or undoes, by their oldest names. */
export function marksFor(entry: ServiceEntry, reaction: ReactionEntry): readonly string[] {
  const names =
    reaction.undoes === undefined
      ? reaction.emits.flatMap((outcome) => effectOf(entry, reaction, outcome) ?? [])
      : [reaction.undoes];
  return names.map((name) => effectMark(entry, name));
}

/** What is known of one mark of a service, whichever version says it. */
export interface MarkFacts {
  readonly label: string;
  readonly events: readonly string[];
  readonly undone: boolean;
  readonly needsUndo: boolean;
}

export function factsOf(home: Home, mark: string, ends: readonly string[]): MarkFacts {
  const named = home.versions.flatMap((service) => {
    const undone = service.reactions.flatMap(({ undoes }) => undoes ?? []);
    return [...new Set([...effectsOf(service), ...undone])]
      .filter((name) => effectMark(service, name) === mark)
      .map((name) => ({ service, name }));
  });
  const events = named.flatMap(({ service, name }) => {
    const outcomes = service.reactions.flatMap((entry) =>
      entry.emits.filter((outcome) => effectOf(service, entry, outcome) === name),
    );
    const all = [...service.begins, ...outcomes.flat()];
    const same = all.filter((type) => stem(type) === name);
    return same.length > 0 ? same : outcomes.flat();
  });
  return {
    label: named[0]?.name ?? mark,
    events,
    undone: named.some(({ service, name }) =>
      service.reactions.some(({ undoes }) => undoes === name),
    ),
    needsUndo: named.some(
      ({ service, name }) =>
        service.begins.map(stem).includes(name) ||
        service.reactions.some(({ undoes }) => undoes === name) ||
        service.reactions.some((entry) =>
          entry.emits.some(
            (outcome) =>
              effectOf(service, entry, outcome) === name &&
              !outcome.some((type) => ends.includes(type)),
          ),
        ),
    ),
  };
}

/** Whether an effect is kept by key: a step or an undo of it has one. */
export const isKeyed = perVersionAnd((service: ServiceEntry, mark: string): boolean => {
  return service.reactions.some((entry) => {
    const names = [
      ...(entry.undoes === undefined ? [] : [entry.undoes]),
      ...entry.emits.flatMap((outcome) => effectOf(service, entry, outcome) ?? []),
    ];
    return entry.keyed !== false && names.some((name) => effectMark(service, name) === mark);
  });
});

/** Whether a step or an undo of the effect has no key. */
export const isBare = perVersionAnd((service: ServiceEntry, mark: string): boolean => {
  const begun = service.begins.some((type) => effectMark(service, stem(type)) === mark);
  return (
    begun ||
    service.reactions.some((entry) => {
      const names = [
        ...(entry.undoes === undefined ? [] : [entry.undoes]),
        ...entry.emits.flatMap((outcome) => effectOf(service, entry, outcome) ?? []),
      ];
      return entry.keyed !== true && names.some((name) => effectMark(service, name) === mark);
    })
  );
});

const emitsType = perVersionAnd(
  ({ begins, deadlines, reactions }: ServiceEntry, type: string): boolean => {
    const all = reactions.flatMap(({ emits, fails, late, onParked }) => [
      ...emits.flat(),
      ...fails.flat(),
      ...late.flat(),
      onParked,
    ]);
    const due = deadlines.flatMap(({ emits, onParked }) => [emits, onParked]);
    return [...begins, ...due, ...all].includes(type);
  },
);

/** What of a version hears an event: reactions, and deadlines that it arms or calls off. */
export const hearersOf = perVersionAnd((entry: ServiceEntry, type: string): readonly string[] => {
  const reactions = reactionParts(entry).filter((part) =>
    reactionOf(entry, part)?.hears.includes(type),
  );
  const watches = emitsType(entry, type)
    ? []
    : deadlineParts(entry).filter((part) => {
        const deadline = deadlineOf(entry, part);
        return deadline?.after === type || deadline?.unless.includes(type);
      });
  return [...reactions, ...watches.map((part) => `watch ${part}`)];
});

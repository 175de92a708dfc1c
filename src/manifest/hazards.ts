import { EffectNames, storedAmong } from "../choreography/effects.ts";
import { stemOf } from "../contract/grammar.ts";
import {
  effectMark,
  markOf,
  type Named,
  parseMark,
  storedName,
  watchedName,
} from "../contract/names.ts";
import type { CensusRow } from "../ports/declarations.ts";
import type { DeferredState } from "../ports/deferred.ts";
import { NO_REACTION } from "../ports/store.ts";
import {
  type DeadlineEntry,
  deadlineName,
  type ReactionEntry,
  reactionName,
  type ServiceEntry,
} from "./manifest.ts";

/*
 * What a deployment would do to the sagas in flight: the declarations that have run on a database
 * are compared with a new one, and with what the database holds. Every comparison is by stored
 * names, so a part that says `was` is the same part.
 */

export type HazardCode =
  | "EFFECT_GONE"
  | "UNDO_GONE"
  | "KEYING_CHANGED"
  | "READONLY_CHANGED"
  | "REACTION_GONE"
  | "DEADLINE_GONE"
  | "JOIN_CHANGED"
  | "ONCE_RENAMED"
  | "DEDUP_LOST"
  | "BODY_MISFIT";

/** One thing that a deployment would lose. */
export interface Hazard {
  readonly code: HazardCode;
  /** The key under which `retired` accepts it. */
  readonly retiredAs: string;
  /** What would happen, as a sentence without its full stop. */
  readonly message: string;
  /** How many rows are concerned; undefined where they cannot be counted. */
  readonly count: number | undefined;
  /** When the newest of them was written: milliseconds since 1970. */
  readonly newestAt: number | undefined;
  /** What to do about it, as a sentence. */
  readonly hint: string;
}

/** A service by its stored names. */
interface Index {
  readonly reactions: ReadonlyMap<string, ReactionEntry>;
  readonly deadlines: ReadonlyMap<string, DeadlineEntry>;
  readonly effects: ReadonlyMap<string, { readonly keyed: boolean; readonly undone: boolean }>;
  readonly onces: ReadonlySet<string>;
}

interface Tally {
  count: number;
  newestAt: number;
}

/**
 * Compares a declaration with earlier ones of the same service, and with the rows of its database.
 * Leaves out what the declaration has retired.
 */
export function hazardsOf(
  before: readonly ServiceEntry[],
  now: ServiceEntry,
  census: readonly CensusRow[],
): readonly Hazard[] {
  const old = before.map(indexOf);
  const own = indexOf(now);
  const all = [
    ...effectHazards(old, own, census),
    ...readonlyHazards(old, now, own),
    ...deferredHazards(old, own, census),
    ...joinHazards(old, own, census),
    ...onceHazards(own, census),
    ...dedupHazards(old, own),
  ];
  return all.filter(({ retiredAs }) => !now.retired.has(retiredAs));
}

/**
 * Returns the rows that sagas in flight of a declaration may have in its database, one of each: to
 * compare two declarations without a database.
 */
export function possibleRows(service: ServiceEntry): readonly CensusRow[] {
  const { reactions, deadlines, effects, onces } = indexOf(service);
  const rows = { count: 1, newestAt: 0 };
  const mark = (name: string, state: string) => ({ kind: "mark" as const, name, state, ...rows });
  const deferred = (name: string, type: string, state: DeferredState) => ({
    kind: "deferred" as const,
    name,
    type,
    state,
    ...rows,
  });
  return [
    ...[...effects].map(([name, { keyed }]) =>
      mark(effectMark(name, keyed ? "…" : undefined), "done"),
    ),
    ...[...onces].map((name) => mark(markOf("firstOf", name), "taken")),
    ...[...reactions].map(
      ([
        name,
        {
          kind,
          hears: [type = ""],
        },
      ]) => deferred(name, type, kind === "join" ? "gathered" : "waiting"),
    ),
    ...[...deadlines].map(([name, { after }]) => deferred(name, after, "armed")),
  ];
}

/** The hazard of deferred deliveries whose payload the new contract refuses. */
export function bodyHazard(name: string, rows: Tally, problem: string): Hazard {
  return hazard("BODY_MISFIT", "body", name, rows, {
    message: `deferred deliveries of ${name} do not fit their contract any more (${problem})`,
    hint: "Give the event a new version that reads the old one: from: [old, (data) => …].",
  });
}

export function storedReaction(entry: ReactionEntry): string {
  return storedName({ name: reactionName(entry), was: entry.was });
}

export function storedDeadline(entry: DeadlineEntry): string {
  return storedName({ name: deadlineName(entry), was: entry.was });
}

/** The effects of a service by stored name. */
export function effectsOf(service: ServiceEntry): Index["effects"] {
  return indexOf(service).effects;
}

function indexOf(service: ServiceEntry): Index {
  const { reactions, deadlines } = service;
  const names = new EffectNames(service);
  const declared = reactions.flatMap(({ effect, effectWas }): readonly Named[] =>
    effect === undefined ? [] : [{ name: effect, was: effectWas }],
  );
  const keyed = new Set(
    reactions.flatMap((entry) => {
      if (!entry.keyed) return [];
      return entry.kind === "undo"
        ? (entry.undoes ?? [])
        : names.of(entry).flatMap((one) => one ?? []);
    }),
  );
  const onces = reactions.flatMap(({ once, onceWas }): readonly Named[] =>
    once === undefined ? [] : [{ name: once, was: onceWas }],
  );
  return {
    reactions: new Map(reactions.map((entry) => [storedReaction(entry), entry])),
    deadlines: new Map(deadlines.map((entry) => [storedDeadline(entry), entry])),
    effects: new Map(
      [...names.all()].map((name) => [
        storedAmong(declared, name),
        { keyed: keyed.has(name), undone: names.undone.has(name) },
      ]),
    ),
    onces: new Set(onces.map(({ name }) => storedAmong(onces, name))),
  };
}

/** Effects that are done in some saga, and that the new declaration would not find. */
function effectHazards(
  old: readonly Index[],
  own: Index,
  census: readonly CensusRow[],
): readonly Hazard[] {
  const done = census.filter(({ kind, state }) => kind === "mark" && state === "done");
  const found = new Map<string, { readonly bare: Tally; readonly keyed: Tally }>();
  for (const row of done) {
    const { kind, name, key } = parseMark(row.name);
    if (kind !== "effect") continue;
    const tallies = found.get(name) ?? { bare: none(), keyed: none() };
    found.set(name, tallies);
    add(key === undefined ? tallies.bare : tallies.keyed, row);
  }
  return [...found].flatMap(([name, { bare, keyed }]): readonly Hazard[] => {
    const effect = own.effects.get(name);
    const all = sum(bare, keyed);
    if (effect === undefined)
      return [
        hazard("EFFECT_GONE", "effect", name, all, {
          message: `no reaction has the effect ${name} any more, so no undo finds it`,
          hint: `Say what became of it: effect: { name: "…", was: ["${name}"] }.`,
        }),
      ];
    const other = effect.keyed ? bare : keyed;
    const changed = effect.keyed ? "has a key now" : "has lost its key";
    if (other.count > 0)
      return [
        hazard("KEYING_CHANGED", "key", name, other, {
          message: `the effect ${name} ${changed}, so no undo finds it`,
          hint: "Give the changed step an effect of another name, and keep the old one to undo.",
        }),
      ];
    if (effect.undone || !old.some(({ effects }) => effects.get(name)?.undone)) return [];
    return [
      hazard("UNDO_GONE", "undo", name, all, {
        message: `no undo reverses the effect ${name} any more`,
        hint: "Keep the undo until no saga has the effect.",
      }),
    ];
  });
}

/** A step that left no mark while it was read-only: its undo would find nothing to undo. */
function readonlyHazards(
  old: readonly Index[],
  service: ServiceEntry,
  own: Index,
): readonly Hazard[] {
  const names = new EffectNames(service);
  return [...own.reactions].flatMap(([name, entry]) => {
    const undone = names
      .of(entry)
      .some((effect) => effect !== undefined && names.undone.has(effect));
    const was = old.some(({ reactions }) => reactions.get(name)?.readonly === true);
    if (!undone || !was) return [];
    return [
      hazard("READONLY_CHANGED", "readonly", name, undefined, {
        message: `${name} was read-only, so what it did in sagas in flight has no mark to undo`,
        hint: "Declare the new step under another name once the sagas of the old one have ended.",
      }),
    ];
  });
}

/** Deferred deliveries of a reaction or deadline that the new declaration does not have. */
function deferredHazards(
  old: readonly Index[],
  own: Index,
  census: readonly CensusRow[],
): readonly Hazard[] {
  const found = new Map<string, { readonly timer: boolean; readonly tally: Tally }>();
  for (const row of census) {
    if (row.kind !== "deferred" || !isOpen(row) || isKnown(own, row.name)) continue;
    const timer = row.state === "armed" || old.some(({ deadlines }) => deadlines.has(row.name));
    const known = found.get(row.name) ?? { timer, tally: none() };
    found.set(row.name, known);
    add(known.tally, row);
  }
  return [...found].map(([name, { timer, tally }]) =>
    timer
      ? hazard("DEADLINE_GONE", "deadline", name.replace(/^deadline /, ""), tally, {
          message: `${name} is armed, and no deadline has this name any more`,
          hint: `Say what became of it: { was: ["${name}"] }; or retire it, which drops it.`,
        })
      : hazard("REACTION_GONE", "reaction", name, tally, {
          message: `deliveries wait for ${name}, and no reaction has this name any more`,
          hint: `Say what became of it: { was: ["${name}"] }.`,
        }),
  );
}

/** A join that waits for an event which sagas in flight have seen pass. */
function joinHazards(
  old: readonly Index[],
  own: Index,
  census: readonly CensusRow[],
): readonly Hazard[] {
  return [...own.reactions].flatMap(([name, entry]) => {
    const tally = none();
    for (const row of census) if (row.name === name && row.state === "gathered") add(tally, row);
    const waits = entry.hears.filter((type) => !entry.optional.includes(type)).map(stemOf);
    const added = old
      .flatMap(({ reactions }) => reactions.get(name) ?? [])
      .filter(({ kind }) => kind === "join")
      .flatMap(({ hears }) => waits.filter((stem) => !hears.map(stemOf).includes(stem)));
    if (entry.kind === "join" && added.length === 0) return [];
    if (tally.count === 0) return [];
    const why =
      entry.kind === "join"
        ? `waits for ${[...new Set(added)].join(", ")} as well`
        : "is not a join";
    return [
      hazard("JOIN_CHANGED", "join", name, tally, {
        message: `${name} ${why}, and sagas in flight have gathered for it`,
        hint: "Name the new event in optional, or give the new join another name.",
      }),
    ];
  });
}

function onceHazards(own: Index, census: readonly CensusRow[]): readonly Hazard[] {
  const found = new Map<string, Tally>();
  for (const row of census) {
    const { kind, name } = parseMark(row.name);
    if (row.kind !== "mark" || kind !== "firstOf" || own.onces.has(name)) continue;
    const tally = found.get(name) ?? none();
    found.set(name, tally);
    add(tally, row);
  }
  return [...found].map(([name, tally]) =>
    hazard("ONCE_RENAMED", "firstOf", name, tally, {
      message: `no reaction has firstOf ${name} any more, so a second one may win a saga`,
      hint: `Say what became of it: firstOf: { name: "…", was: ["${name}"] }.`,
    }),
  );
}

/** A reaction of another name hears the same events: a repeated message is handled again. */
function dedupHazards(old: readonly Index[], own: Index): readonly Hazard[] {
  const isNew = (name: string) => !old.some(({ reactions }) => reactions.has(name));
  const heard = [...own.reactions].flatMap(([name, { kind, hears }]) =>
    kind !== "undo" && isNew(name) ? hears.map(stemOf) : [],
  );
  const gone = new Map(
    old.flatMap(({ reactions }) => [...reactions]).filter(([name]) => !isKnown(own, name)),
  );
  return [...gone].flatMap(([name, { kind, hears }]) => {
    if (kind === "undo" || !hears.some((type) => heard.includes(stemOf(type)))) return [];
    return [
      hazard("DEDUP_LOST", "reaction", name, undefined, {
        message: `${name} has another name now, so a message that comes again is handled again`,
        hint: `Say what became of it: { was: ["${name}"] }.`,
      }),
    ];
  });
}

function isKnown({ reactions, deadlines }: Index, name: string): boolean {
  if (name === NO_REACTION || reactions.has(name)) return true;
  return deadlines.has(watchedName(name) ?? name);
}

function isOpen({ state }: CensusRow): boolean {
  return state !== "answered" && state !== "discarded";
}

function hazard(
  code: HazardCode,
  what: string,
  name: string,
  rows: Tally | undefined,
  said: Pick<Hazard, "message" | "hint">,
): Hazard {
  return {
    code,
    retiredAs: `${what} ${name}`,
    count: rows?.count,
    newestAt: rows?.newestAt,
    ...said,
  };
}

function none(): Tally {
  return { count: 0, newestAt: 0 };
}

function add(tally: Tally, { count, newestAt }: Tally): void {
  tally.count += count;
  tally.newestAt = Math.max(tally.newestAt, newestAt);
}

function sum(...tallies: readonly Tally[]): Tally {
  const all = none();
  for (const tally of tallies) add(all, tally);
  return all;
}

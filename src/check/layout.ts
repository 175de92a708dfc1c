import { EffectNames } from "../choreography/effects.ts";
import { KINDS } from "../choreography/fence.ts";
import { stemOf } from "../contract/grammar.ts";
import {
  isSilent,
  type Manifest,
  type ServiceEntry,
  typesEmittedBy,
} from "../manifest/manifest.ts";
import {
  type DeliverySource,
  type Effect,
  FIRST_FREE,
  type ModelDeadline,
  type ModelReaction,
  type TransitionSource,
} from "./model.ts";
import { type EffectFacts, strangersTo, unitedWith } from "./rolling/effects.ts";
import { Shared } from "./rolling/shared.ts";
import { homeOf, phasesOf, type Versions } from "./rolling/versions.ts";

/** Lists every variable of a saga with its byte, and every transition, not yet linked. */
export interface Layout {
  readonly bytes: Bytes;
  readonly ends: ReadonlyMap<string, number>;
  readonly locks: readonly {
    readonly name: string;
    readonly acquire: string;
    readonly release: readonly string[];
    readonly at: number;
  }[];
  readonly effects: readonly Effect[];
  readonly reactions: readonly ModelReaction[];
  readonly deadlines: readonly ModelDeadline[];
  readonly sources: TransitionSource[];
  /** By the type of the event that is heard. */
  readonly deliveries: ReadonlyMap<string, readonly DeliverySource[]>;
  readonly sinks: ReadonlyMap<string, readonly ModelReaction[]>;
  readonly shared: Shared;
  /** Returns the bytes that remember an event that a service hears or emits. */
  noted(service: ServiceEntry, type: string): readonly number[];
}

/** Allots the bytes of a state. Pending counters come first: every state's are scanned. */
export class Bytes {
  readonly #marksFrom: number;
  #nextPending = FIRST_FREE;
  #nextMark: number;

  constructor(pendingMax: number) {
    this.#marksFrom = FIRST_FREE + pendingMax;
    this.#nextMark = this.#marksFrom;
  }

  pending(): number {
    return this.#nextPending++;
  }

  take(count = 1): number {
    const at = this.#nextMark;
    this.#nextMark += count;
    return at;
  }

  /** The first byte after the pending counters. */
  get pendingEnd(): number {
    return this.#nextPending;
  }

  /** In bytes, rounded up to whole words: states are compared by word. */
  get size(): number {
    return Math.ceil(this.#nextMark / 4) * 4;
  }
}

/** Limits counters of `max`: each is one byte. */
const COUNTER_MAX = 250;

/** Gives each variable of a manifest's saga a byte. `versions` are two of one service. */
export function layOut(manifest: Manifest, versions?: Versions): Layout {
  const services = [...manifest.services.values()];
  const heard = services.flatMap(({ reactions }) => reactions.flatMap(({ hears }) => hears)).length;
  const touched = services.flatMap(({ deadlines }) =>
    deadlines.flatMap(({ after, unless }) => [after, ...unless]),
  ).length;
  const again = services
    .filter(({ inbox }) => !inbox)
    .flatMap(({ reactions }) => reactions.flatMap(({ hears }) => hears)).length;
  // Of two versions, each delivery may also be a message to take, and may come once again.
  const taken = versions === undefined ? 0 : heard + again + touched;
  const bytes = new Bytes(heard + again + touched + 2 * taken);
  const shared = new Shared(manifest, versions);
  const ends = new Map(
    [...manifest.succeeds, ...manifest.fails].map((type) => [type, bytes.take()]),
  );
  const locks = manifest.locks.map((lock) => ({ ...lock, at: bytes.take() }));
  const effects: Effect[] = [];
  const reactions: ModelReaction[] = [];
  const deadlines: ModelDeadline[] = [];
  const sources: TransitionSource[] = [];
  const deliveries = new Map<string, DeliverySource[]>();
  const sinks = new Map<string, ModelReaction[]>();

  const deliver = (
    service: ServiceEntry,
    type: string,
    to: Pick<DeliverySource, "reaction" | "deadline" | "arms" | "part">,
    inbox: boolean,
    part: string,
  ) => {
    const counter = (kind: string) =>
      shared.byte(service, `${kind} ${part} ${type}`, () => bytes.pending());
    const repeatAt = inbox ? -1 : counter("repeat");
    const phases = phasesOf(versions, service.name);
    const source: DeliverySource = {
      kind: "delivery",
      index: sources.length,
      at: counter("pending"),
      phases,
      type,
      repeatAt,
      notes: noted(service, type),
      ...to,
    };
    sources.push(source);
    if (!inbox)
      sources.push({ kind: "repeat", index: sources.length, at: repeatAt, phases, of: source });
    listIn(deliveries, type).push(source);
  };
  const noteOf = (service: ServiceEntry, type: string) =>
    shared.byte(service, `note ${type}`, () => bytes.take());
  const noted = (service: ServiceEntry, type: string) =>
    shared.isSought(service, type) ? [noteOf(service, type)] : [];

  for (const service of services) {
    const names = new EffectNames(service);
    const own = effectsIn(service, ends, bytes, shared, effects);
    for (const effect of own.values()) if (!effects.includes(effect)) effects.push(effect);
    const onces = new Map<string, number>();
    for (const [place, entry] of service.reactions.entries()) {
      const reaction = reactionOf(service, entry, place, {
        index: reactions.length,
        own,
        names,
        bytes,
        onces,
        shared,
      });
      reactions.push(reaction);
      // What one version lets pass, the other may need.
      const sink = changesNothing(reaction) && shared.parts(service) === undefined;
      const gathered = shared.gathered(service, place, entry);
      const name = shared.parts(service)?.reactions[place] ?? "";
      for (const type of entry.hears) {
        const part = gathered.indexOf(type);
        const to = { reaction, deadline: undefined, arms: false, part };
        if (sink) listIn(sinks, type).push(reaction);
        else deliver(service, type, to, service.inbox, name);
      }
    }
    for (const [place, entry] of service.deadlines.entries()) {
      const part = `watch ${shared.parts(service)?.deadlines[place]}`;
      const at = shared.byte(service, part, () => bytes.take());
      const armedAs = shared.armedAs(service, place);
      const deadline: ModelDeadline = { service, entry, at, armedAs, emits: [] };
      deadlines.push(deadline);
      sources.push({
        kind: "deadline",
        index: sources.length,
        at,
        phases: phasesOf(versions, service.name),
        deadline,
        seeks: shared.soughtBy(service, place).map((type) => noteOf(service, type)),
        retired: false,
      });
      // An event of the service itself touches its deadlines in the commit that emits the event.
      for (const type of [entry.after, ...entry.unless].filter((type) => !emits(service, type))) {
        const to = { reaction: undefined, deadline, arms: type === entry.after, part: 0 };
        deliver(service, type, to, true, part);
      }
    }
  }
  return {
    bytes,
    ends,
    locks,
    effects,
    reactions,
    deadlines,
    sources,
    deliveries,
    sinks,
    shared,
    noted,
  };
}

interface Surroundings {
  readonly index: number;
  readonly own: ReadonlyMap<string, Effect>;
  readonly names: EffectNames;
  readonly bytes: Bytes;
  readonly onces: Map<string, number>;
  readonly shared: Shared;
}

function reactionOf(
  service: ServiceEntry,
  entry: ServiceEntry["reactions"][number],
  place: number,
  around: Surroundings,
): ModelReaction {
  const { index, own, names, bytes, onces, shared } = around;
  const parts = shared.parts(service);
  const part = parts?.reactions[place];
  const mark = (kind: string, count = 1) =>
    shared.byte(service, `${kind} ${part}`, () => bytes.take(count));
  const onceByte = (name: string) =>
    shared.byte(service, `once ${parts?.once(name)}`, () => bytes.take());
  const types = entry.kind === "undo" ? entry.emits.map(() => entry.undoes) : names.of(entry);
  const outcomeEffects = types.map((type) => (type === undefined ? undefined : own.get(type)));
  const onceAt = entry.once === undefined ? -1 : (onces.get(entry.once) ?? onceByte(entry.once));
  if (entry.once !== undefined) onces.set(entry.once, onceAt);
  const join = entry.kind === "join";
  const gathered = shared.gathered(service, place, entry);
  const strange = strangersTo(service, entry, shared).map((name) => ({
    name,
    at: shared.byte(service, `effect ${name}`, () => bytes.take()),
  }));
  const mayBlock = service.mayPark || strange.length > 0 || shared.other(service)?.mayPark === true;
  return {
    index,
    service,
    entry,
    place,
    kind: KINDS[entry.kind],
    effects: [...new Set(outcomeEffects.filter((effect) => effect !== undefined))],
    outcomeEffects,
    choices: [],
    onceAt,
    maxAt: entry.max === undefined ? -1 : mark("max"),
    max: Math.min(entry.max ?? COUNTER_MAX, COUNTER_MAX),
    gatherAt: join ? mark("gathered", gathered.length) : -1,
    parts: join ? gathered.length : 0,
    optional: gathered.map((type) => entry.optional.includes(type) || !entry.hears.includes(type)),
    firedAt: join ? mark("fired") : -1,
    parkedAt: mayBlock ? mark("parked") : -1,
    lateSilent: isSilent(entry.late),
    strange,
  };
}

function effectsIn(
  service: ServiceEntry,
  ends: ReadonlyMap<string, number>,
  bytes: Bytes,
  shared: Shared,
  known: readonly Effect[],
): ReadonlyMap<string, Effect> {
  const [parts, other] = [shared.parts(service), shared.other(service)];
  const others = other === undefined ? new Map() : effectFacts(other, ends);
  const effects = new Map<string, Effect>();
  for (const [name, own] of effectFacts(service, ends)) {
    const mark = parts?.effect(name) ?? name;
    const at = shared.byte(service, `effect ${mark}`, () => bytes.take());
    const facts = unitedWith(own, others, mark, shared.otherParts(service));
    const home = homeOf(shared.versions, service.name);
    const same = known.find((effect) => effect.at === at);
    effects.set(name, same ?? { service: home, at, after: [], ...facts });
  }
  return effects;
}

function effectFacts(
  service: ServiceEntry,
  ends: ReadonlyMap<string, number>,
): ReadonlyMap<string, EffectFacts> {
  const names = new EffectNames(service);
  const { undone } = names;
  const lasting = new Set([
    ...service.begins.map(stemOf),
    ...undone,
    ...service.reactions.flatMap((reaction) =>
      names
        .of(reaction)
        .filter((_, place) => !reaction.emits[place]?.some((type) => ends.has(type))),
    ),
  ]);
  const facts = new Map<string, EffectFacts>();
  // An undo of what is not an effect of its own service has a mark too, which is never done.
  for (const name of new Set([...names.all(), ...undone])) {
    const events = names.eventsOf(name);
    facts.set(name, {
      // An effect with a name of its own is shown by it, others by their event.
      type: events.find((type) => stemOf(type) === name) ?? name,
      events: new Set(events),
      undone: undone.has(name),
      needsUndo: lasting.has(name),
    });
  }
  return facts;
}

/** Whether the saga is independent of when and how often the reaction runs. */
export function changesNothing({ entry, effects, onceAt, maxAt, service }: ModelReaction): boolean {
  const silent =
    isSilent(entry.emits) &&
    entry.fails.length === 0 &&
    !(service.mayPark && entry.onParked !== undefined);
  return entry.kind === "step" && silent && effects.length === 0 && onceAt < 0 && maxAt < 0;
}

/** Whether a service may emit events of a type. */
export function emits({ begins, reactions, deadlines }: ServiceEntry, type: string): boolean {
  return (
    begins.includes(type) ||
    deadlines.some((deadline) => deadline.emits === type) ||
    reactions.some((reaction) => typesEmittedBy(reaction).includes(type))
  );
}

function listIn<T>(map: Map<string, T[]>, key: string): T[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

import { storedAmong } from "../choreography/effects.ts";
import { KINDS } from "../choreography/fence.ts";
import {
  isSilent,
  type Manifest,
  type ReactionEntry,
  type ServiceEntry,
  typesEmittedAt,
  typesEmittedBy,
} from "../manifest/manifest.ts";
import type { Ages } from "./ages.ts";
import { EffectMarks } from "./effect-marks.ts";
import {
  type DeliverySource,
  type Effect,
  FIRST_FREE,
  type ModelDeadline,
  type ModelReaction,
  type TransitionSource,
} from "./model.ts";
import { SharedParts } from "./rolling/shared-parts.ts";
import { strangersTo } from "./rolling/strangers.ts";
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
  readonly shared: SharedParts;
  /** Returns the bytes that remember an event that a service hears or emits. */
  noted(service: ServiceEntry, type: string): readonly number[];
}

/** Allots the bytes of a state. Pending counters come first: every state's are scanned. */
class Bytes {
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
export function layOut(manifest: Manifest, ages: Ages, versions?: Versions): Layout {
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
  const shared = new SharedParts(manifest, versions);
  const ends = new Map(
    [...manifest.succeeds, ...manifest.fails].map((type) => [type, bytes.take()]),
  );
  const locks = manifest.locks.map((lock) => ({ ...lock, at: bytes.take() }));
  const effects = new Set<Effect>();
  const reactions: ModelReaction[] = [];
  const deadlines: ModelDeadline[] = [];
  const sources: TransitionSource[] = [];
  const deliveries = new Map<string, DeliverySource[]>();
  const sinks = new Map<string, ModelReaction[]>();

  const deliver = (
    service: ServiceEntry,
    type: string,
    to: Pick<DeliverySource, "reaction" | "deadline" | "arms" | "part" | "forgets">,
    inbox: boolean,
    part: string,
  ) => {
    const counter = (kind: string) =>
      shared.byte(service, `${kind} ${part} ${type}`, () => bytes.pending());
    const repeatAt = inbox ? -1 : counter("repeat");
    const phases = phasesOf(versions, service.name);
    const at = counter("pending");
    const notes = noted(service, type);
    const index = sources.length;
    const source: DeliverySource = {
      kind: "delivery",
      index,
      at,
      phases,
      type,
      repeatAt,
      notes,
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
    const marks = shared.effectMarks(service, () => {
      const other = shared.other(service);
      const both = other === undefined ? [service] : [service, other];
      return new EffectMarks(homeOf(versions, service.name), both, ends, bytes);
    });
    for (const effect of marks.all) effects.add(effect);
    const onces = new Map<string, number>();
    for (const [place, entry] of service.reactions.entries()) {
      const reaction = reactionOf(service, entry, place, {
        index: reactions.length,
        own: marks,
        bytes,
        onces,
        shared,
        forgets: (type) => ages.isForgotten(service, type),
      });
      reactions.push(reaction);
      // What one version lets pass, the other may need.
      const sink = changesNothing(reaction) && shared.parts(service) === undefined;
      const gathered = shared.gathered(service, place, entry);
      const name = shared.parts(service)?.reactions[place] ?? "";
      for (const type of entry.hears) {
        const part = gathered.indexOf(type);
        const forgets = reaction.mayForget && ages.isForgotten(service, type);
        const to = { reaction, deadline: undefined, arms: false, part, forgets };
        if (sink) listIn(sinks, type).push(reaction);
        else deliver(service, type, to, service.inbox, name);
      }
    }
    const own = reactions.filter((reaction) => reaction.service === service);
    for (const [place, entry] of service.deadlines.entries()) {
      const name = `watch ${shared.parts(service)?.deadlines[place]}`;
      const at = shared.byte(service, name, () => bytes.take());
      const armedAs = shared.armedAs(service, place);
      const deadline: ModelDeadline = { service, entry, at, armedAs, choices: [] };
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
        const arms = type === entry.after;
        const to = { reaction: undefined, deadline, arms, part: 0, forgets: false };
        deliver(service, type, to, true, name);
      }
    }
    const open = [
      ...deadlines.filter((deadline) => deadline.service === service).map(({ at }) => at),
      ...own.flatMap(({ gatherAt, parts }) =>
        Array.from({ length: parts }, (_, part) => gatherAt + part),
      ),
    ];
    for (const reaction of own) if (reaction.mayForget) reaction.keptBy.push(...open);
  }
  const marked = { bytes, ends, locks, effects: [...effects] };
  return { ...marked, reactions, deadlines, sources, deliveries, sinks, shared, noted };
}

interface Surroundings {
  readonly index: number;
  readonly own: EffectMarks;
  readonly bytes: Bytes;
  /** By stored name of a `once`. */
  readonly onces: Map<string, number>;
  readonly forgets: (type: string) => boolean;
  readonly shared: SharedParts;
}

function reactionOf(
  service: ServiceEntry,
  entry: ServiceEntry["reactions"][number],
  place: number,
  around: Surroundings,
): ModelReaction {
  const { index, own, bytes, onces, forgets, shared } = around;
  const mark = (kind: string, count = 1) => {
    const part = `${kind} ${shared.parts(service)?.reactions[place]}`;
    return shared.byte(service, part, () => bytes.take(count));
  };
  const once = storedOnce(service, entry);
  const newOnce = () => shared.byte(service, `once ${once}`, () => bytes.take());
  const onceAt = once === undefined ? -1 : (onces.get(once) ?? newOnce());
  if (once !== undefined) onces.set(once, onceAt);
  const join = entry.kind === "join";
  const marks = own.of(entry, service);
  const gathered = shared.gathered(service, place, entry);
  const strange = strangersTo(service, entry, shared, own);
  const blocks = service.mayPark || strange.length > 0 || shared.other(service)?.mayPark === true;
  const fenced = entry.kind === "undo" || marks.effects.length > 0 || onceAt >= 0 || join;
  const mayForget =
    service.fence &&
    (fenced || entry.max !== undefined) &&
    entry.hears.some((type) => forgets(type));
  return {
    index,
    service,
    entry,
    place,
    kind: KINDS[entry.kind],
    ...marks,
    choices: [],
    onceAt,
    maxAt: entry.max === undefined ? -1 : mark("max"),
    max: Math.min(entry.max ?? COUNTER_MAX, COUNTER_MAX),
    gatherAt: join ? mark("gathered", gathered.length) : -1,
    parts: join ? gathered.length : 0,
    optional: gathered.map((type) => entry.optional.includes(type) || !entry.hears.includes(type)),
    firedAt: join ? mark("fired") : -1,
    parkedAt: blocks || mayForget ? mark("parked") : -1,
    mayForget,
    keptBy: [],
    lateSilent: isSilent(entry.late),
    strange,
  };
}

function storedOnce(service: ServiceEntry, { once }: ReactionEntry): string | undefined {
  if (once === undefined) return undefined;
  const named = service.reactions.flatMap((one) =>
    one.once === undefined ? [] : [{ name: one.once, was: one.onceWas }],
  );
  return storedAmong(named, once);
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
    deadlines.some((deadline) => typesEmittedAt(deadline).includes(type)) ||
    reactions.some((reaction) => typesEmittedBy(reaction).includes(type))
  );
}

function listIn<T>(map: Map<string, T[]>, key: string): T[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

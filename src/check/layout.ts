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
  EVERY_PHASE,
  FIRST_FREE,
  type ModelDeadline,
  type ModelReaction,
  type TransitionSource,
  type Variable,
} from "./model.ts";
import type { Reductions } from "./reductions.ts";
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
  /** By the type of the event: bytes of the joins that gather it at once. */
  readonly gathers: ReadonlyMap<string, readonly number[]>;
  readonly shared: SharedParts;
  /** Returns the bytes that remember an event that a service hears or emits. */
  noted(service: ServiceEntry, type: string): readonly number[];
}

/** Allots the bytes of a state. Pending counters come first: every state's are scanned. */
class Bytes {
  readonly variables: (Variable | undefined)[] = [];
  readonly #marksFrom: number;
  #nextPending = FIRST_FREE;
  #nextMark: number;

  constructor(pendingMax: number) {
    this.#marksFrom = FIRST_FREE + pendingMax;
    this.#nextMark = this.#marksFrom;
  }

  pending(variable: Variable): number {
    this.variables[this.#nextPending] = variable;
    return this.#nextPending++;
  }

  take(variable: Variable): number {
    this.variables[this.#nextMark] = variable;
    return this.#nextMark++;
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
export function layOut(
  manifest: Manifest,
  ages: Ages,
  { merging }: Reductions,
  versions?: Versions,
): Layout {
  const services = [...manifest.services.values()];
  // Where messages come again, two pending deliveries of each kind stand for more.
  const merges = merging && services.every(({ inbox }) => inbox);
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
    [...manifest.succeeds, ...manifest.fails].map((type) => [
      type,
      bytes.take({ kind: "end", types: [type] }),
    ]),
  );
  const locks = manifest.locks.map((lock) => ({
    ...lock,
    at: bytes.take({ kind: "lock", types: [lock.acquire, ...lock.release] }),
  }));
  const effects = new Set<Effect>();
  const reactions: ModelReaction[] = [];
  const deadlines: ModelDeadline[] = [];
  const sources: TransitionSource[] = [];
  const deliveries = new Map<string, DeliverySource[]>();
  const sinks = new Map<string, ModelReaction[]>();
  const gathers = new Map<string, number[]>();

  const deliver = (
    service: ServiceEntry,
    place: number,
    part: string,
    types: readonly string[],
    to: Pick<DeliverySource, "reaction" | "deadline" | "arms" | "part" | "forgets">,
  ) => {
    if (types.length === 0) return;
    const variable = { service: service.name, place, types };
    const counter = (name: string, kind: string) =>
      shared.byte(service, `${name} ${part} ${types.join(" ")}`, () =>
        bytes.pending({ kind, ...variable }),
      );
    const repeats = !service.inbox && to.reaction !== undefined;
    const repeatAt = repeats ? counter("repeat", "repeat") : -1;
    const kind = to.reaction !== undefined ? "delivery" : to.arms ? "arming" : "cancelling";
    const phases = phasesOf(versions, service.name);
    const at = counter("pending", kind);
    const notes = types.flatMap((type) => noted(service, type));
    const index = sources.length;
    const source: DeliverySource = {
      kind: "delivery",
      index,
      at,
      phases,
      types,
      repeatAt,
      notes,
      ...to,
    };
    sources.push(source);
    if (repeats)
      sources.push({ kind: "repeat", index: sources.length, at: repeatAt, phases, of: source });
    for (const type of types) listIn(deliveries, type).push(source);
  };
  const noteOf = (service: ServiceEntry, type: string) =>
    shared.byte(service, `note ${type}`, () =>
      bytes.take({ kind: "note", service: service.name, types: [type] }),
    );
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
      const to = { reaction, deadline: undefined, arms: false, forgets: false };
      if (sink) for (const type of entry.hears) listIn(sinks, type).push(reaction);
      else if (!merges || !isMergeable(service, reaction, ages))
        for (const type of entry.hears) {
          const part = gathered.indexOf(type);
          const forgets = reaction.mayForget && ages.isForgotten(service, type);
          deliver(service, place, name, [type], { ...to, part, forgets });
        }
      else if (entry.kind === "join") {
        const { firedAt: at, gatherAt } = reaction;
        const index = sources.length;
        sources.push({ kind: "join", index, at, phases: EVERY_PHASE, reaction });
        for (const [part, type] of entry.hears.entries())
          listIn(gathers, type).push(gatherAt + part);
      } else deliver(service, place, name, entry.hears, { ...to, part: 0 });
    }
    const own = reactions.filter((reaction) => reaction.service === service);
    for (const [place, entry] of service.deadlines.entries()) {
      const index = deadlines.length;
      const name = `watch ${shared.parts(service)?.deadlines[place]}`;
      const at = shared.byte(service, name, () =>
        bytes.take({ kind: "deadline", service: service.name, place }),
      );
      const armedAs = shared.armedAs(service, place);
      const deadline: ModelDeadline = { index, service, entry, at, armedAs, choices: [] };
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
      const to = { reaction: undefined, deadline, part: 0, forgets: false };
      // An event of the service itself touches its deadlines in the commit that emits the event.
      const after = [entry.after].filter((type) => !emits(service, type));
      const unless = entry.unless.filter((type) => type !== entry.after && !emits(service, type));
      deliver(service, place, name, after, { ...to, arms: true });
      for (const types of merges ? [unless] : unless.map((type) => [type]))
        deliver(service, place, name, types, { ...to, arms: false });
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
  const heardBy = { deliveries, sinks, gathers };
  return { ...marked, reactions, deadlines, sources, ...heardBy, shared, noted };
}

/**
 * Tells whether the deliveries to a reaction may be counted together. Where a service may have
 * forgotten its saga, it matters which event came, and what a join has gathered.
 */
function isMergeable(service: ServiceEntry, { entry, keys }: ModelReaction, ages: Ages): boolean {
  const heard = service.reactions.flatMap(({ hears }) => hears);
  if (heard.some((type) => ages.isForgotten(service, type))) return false;
  // Each event of a join may be given up on.
  return entry.kind !== "join" || (!service.mayPark && keys.length === 1);
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
  const variable = { service: service.name, place };
  const mark = (kind: string, make = () => bytes.take({ kind, ...variable })) =>
    shared.byte(service, `${kind} ${shared.parts(service)?.reactions[place]}`, make);
  const once = storedOnce(service, entry);
  const newOnce = () =>
    shared.byte(service, `once ${once}`, () =>
      bytes.take({ kind: "once", service: service.name, local: once ?? "" }),
    );
  const onceAt = once === undefined ? -1 : (onces.get(once) ?? newOnce());
  if (once !== undefined) onces.set(once, onceAt);
  const join = entry.kind === "join";
  const gathered = shared.gathered(service, place, entry);
  const gather = () => {
    const all = gathered.map((type) => bytes.take({ kind: "gather", ...variable, types: [type] }));
    return all[0] ?? -1;
  };
  const marks = own.of(entry, service);
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
    gatherAt: join ? mark("gathered", gather) : -1,
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

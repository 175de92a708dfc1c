import { BARRED, DONE, NONE, UNDONE } from "../../choreography/fence.ts";
import { stemOf } from "../../contract/grammar.ts";
import { watchedName } from "../../contract/names.ts";
import type { ServiceHistory } from "../../observe/summary.ts";
import { type TraceStep, traceOf } from "../../observe/trace.ts";
import type { Disposition } from "../../ports/journal.ts";
import { NO_REACTION } from "../../ports/store.ts";
import type { Machine } from "../machine.ts";
import {
  type DeliverySource,
  FAILED,
  type ModelDeadline,
  type ModelEmission,
  type ModelReaction,
  OVER,
  PARKED,
  PIVOTED,
  SUCCEEDED,
} from "../model.ts";
import { touch } from "../writes.ts";
import { inEveryWay, type KeyCounts, waysOf } from "./key-marks.ts";
import { hearerOf, type StoredParts } from "./stored-parts.ts";

/**
 * What becomes of the deliveries that were given up on.
 *
 * - `kept`       they stay parked, and hold up what waits behind them
 * - `retried`    a person lets all of them run again
 * - `discarded`  a person closes all of them
 */
export type ParkedFate = "kept" | "retried" | "discarded";

/** Where a saga stands, on the checker's machine. */
export interface Placed {
  /** The states in which it may be. There are several only where effects have keys. */
  readonly states: readonly Uint8Array[];
  /** Effects with more keys than the two of the model. */
  readonly moreKeys: readonly string[];
  /** Events that were heard, though no journal has emitted them and none comes from outside. */
  readonly strangers: readonly string[];
  /** Rows of parts that the choreography does not have, as `<service>/<name>`. */
  readonly unknownParts: readonly string[];
}

/** The delivery has not come to its end. */
const NOT_ENDED: readonly Disposition[] = ["retrying", "waiting", "parked"];
/** The handler has run, with the outcome of a success or of a failure. */
const RAN: readonly Disposition[] = ["done", "refused", "undone"];
/** The reaction has taken its `firstOf` name. */
const TOOK: readonly Disposition[] = [...RAN, "barred"];
/** The most that a counter of the model holds. */
const COUNT_MAX = 250;

/**
 * Puts a saga on the checker's machine, from what each service has of it. The journals are sums:
 * the state does not depend on the order of their rows. Of a lock the order of causes decides; when
 * an event from outside takes or releases it, is not known.
 */
export function placeSaga(
  machine: Machine,
  parts: StoredParts,
  histories: readonly ServiceHistory[],
  fate: ParkedFate,
): Placed {
  return new Placing(parts, histories, fate).place(machine);
}

class Placing {
  readonly #parts: StoredParts;
  readonly #fate: ParkedFate;
  readonly #steps: readonly TraceStep[];
  /** The row of each delivery. */
  readonly #handled = new Map<string, TraceStep>();
  readonly #retried = new Set<string>();
  readonly #state: Uint8Array;
  readonly #keyed = new Map<string, KeyCounts>();
  readonly #strangers = new Set<string>();
  readonly #unknown = new Set<string>();
  /** Reactions that hold up what comes, though the model has no byte that says so. */
  readonly #blocked = new Set<ModelReaction>();
  /** Whether a row tells of the beginning. */
  #begins = false;
  /** The byte of an event that either began the saga or has arrived in it. */
  #either: number | undefined;

  constructor(parts: StoredParts, histories: readonly ServiceHistory[], fate: ParkedFate) {
    this.#parts = parts;
    this.#fate = fate;
    this.#state = new Uint8Array(parts.model.size);
    this.#steps = traceOf(
      histories.map(({ service, history }) => ({ service, records: history.journal })),
    );
    for (const step of this.#steps) this.#handled.set(rowKey(step), step);
    for (const { service, history } of histories)
      for (const { reaction, id, type, state } of history.deferred)
        if (state === "retrying" || state === "waiting")
          this.#retried.add(rowKey({ service, reaction, eventId: id, heard: type }));
  }

  place(machine: Machine): Placed {
    for (const step of this.#steps) this.#mark(step);
    this.#emitAll();
    const { model } = this.#parts;
    for (const { firedAt, gatherAt, parts } of model.reactions)
      if (firedAt >= 0 && this.#state[firedAt] !== 0)
        this.#state.fill(0, gatherAt, gatherAt + parts);
    const keyed = [...this.#keyed].map(([effect, counts]) => {
      const [service = "", stored = ""] = effect.split("\n");
      return { effect: stored, ...waysOf(this.#parts.effects(service, stored), counts) };
    });
    const states = this.#begun().flatMap((state) => inEveryWay(state, keyed));
    for (const state of states) machine.normalise(state);
    return {
      states,
      moreKeys: keyed.filter(({ more }) => more).map(({ effect }) => effect),
      strangers: [...this.#strangers],
      unknownParts: [...this.#unknown],
    };
  }

  /** Writes the marks that a row has left in the database of its service. */
  #mark(step: TraceStep): void {
    const { service, reaction: stored, disposition } = step;
    const deadline = this.#parts.deadline(service, stored);
    const watched = this.#watchedBy(step);
    const reaction = this.#parts.reaction(service, stored);
    if (disposition === "begun") {
      this.#begins = true;
      this.#markEffect(step, undefined);
    } else if (deadline !== undefined) this.#markDeadline(step, deadline);
    else if (watched !== undefined) this.#markWatch(step, watched);
    else if (reaction !== undefined) this.#markReaction(step, reaction);
    else if (stored !== NO_REACTION) this.#unknown.add(`${service}/${stored}`);
  }

  #markReaction(step: TraceStep, reaction: ModelReaction): void {
    const { disposition, heard } = step;
    const state = this.#state;
    this.#markEffect(step, reaction);
    if (TOOK.includes(disposition) && reaction.onceAt >= 0) state[reaction.onceAt] = 1;
    if (RAN.includes(disposition) && reaction.maxAt >= 0)
      state[reaction.maxAt] = Math.min(COUNT_MAX, (state[reaction.maxAt] ?? 0) + 1);
    if ((RAN.includes(disposition) || disposition === "late") && reaction.firedAt >= 0)
      state[reaction.firedAt] = 1;
    const part = disposition === "gathered" ? partOf(reaction, heard) : -1;
    if (part >= 0) state[reaction.gatherAt + part] = 1;
    if (disposition === "discarded" || (disposition === "parked" && !this.#mayRunAgain(step)))
      state[PARKED] = 1;
    if (!this.#isHeldUp(step)) return;
    if (reaction.parkedAt >= 0) state[reaction.parkedAt] = 1;
    else this.#blocked.add(reaction);
  }

  #watchedBy({ service, reaction }: TraceStep): ModelDeadline | undefined {
    const stored = watchedName(reaction);
    return stored === undefined ? undefined : this.#parts.deadline(service, stored);
  }

  #markWatch({ disposition }: TraceStep, deadline: ModelDeadline): void {
    if (disposition === "armed") touch(this.#state, deadline, true);
    if (disposition === "disarmed") touch(this.#state, deadline, false);
  }

  #markDeadline(step: TraceStep, { at }: ModelDeadline): void {
    const { disposition } = step;
    // A deadline that is tried again may still fire.
    if (disposition === "retrying" || disposition === "waiting") return;
    if (disposition === "parked" && this.#mayRunAgain(step)) return;
    if (disposition === "parked" || disposition === "discarded") this.#state[PARKED] = 1;
    this.#state[at] = OVER;
  }

  #markEffect(
    { service, disposition, effect }: TraceStep,
    reaction: ModelReaction | undefined,
  ): void {
    const mark = markLeftBy(disposition);
    if (effect === undefined || mark === NONE) return;
    const effects = this.#parts.effects(service, effect);
    const bare = effects.find(({ key }) => key === undefined);
    const withKey = reaction !== undefined && reaction.keys.length > 1;
    if (withKey || reaction?.ofAllKeys === true) {
      const counts = this.#countsOf(service, effect);
      if (!withKey) counts.closed = true;
      else if (mark === DONE) counts.done++;
      else if (mark === UNDONE) counts.undone++;
      else counts.barred++;
    }
    // Undone and barred are for ever, so the largest of the marks is the last one.
    if (!withKey && bare !== undefined)
      this.#state[bare.at] = Math.max(this.#state[bare.at] ?? NONE, mark);
  }

  #countsOf(service: string, effect: string): KeyCounts {
    const key = `${service}\n${effect}`;
    const counts = this.#keyed.get(key) ?? { done: 0, undone: 0, barred: 0, closed: false };
    this.#keyed.set(key, counts);
    return counts;
  }

  #emitAll(): void {
    const emitted = new Set<string>();
    for (const { service, emitted: types, emittedIds } of this.#steps) {
      for (const [place, type] of types.entries()) {
        const id = emittedIds[place] ?? "";
        emitted.add(eventOf(id, type));
        const own = this.#parts.emission(service, type);
        const emission = own ?? this.#parts.emittedByAny(type);
        if (emission === undefined) continue;
        if (own !== undefined)
          for (const { deadline, arms } of own.touches) touch(this.#state, deadline, arms);
        this.#emit(this.#state, emission, id);
      }
    }
    const outside = new Map<string, TraceStep>();
    for (const step of this.#steps) {
      const { service, reaction, heard, eventId } = step;
      if (heard === undefined || reaction === NO_REACTION) continue;
      if (this.#parts.deadline(service, reaction) !== undefined) continue;
      const event = eventOf(eventId, heard);
      if (!emitted.has(event)) outside.set(event, step);
    }
    for (const { heard = "", eventId } of outside.values()) {
      const came = this.#parts.fromOutside(heard);
      if (came === undefined) this.#strangers.add(heard);
      const arrival = this.#parts.arrival(heard);
      const mayBegin = came !== undefined && this.#parts.begins(heard);
      if (mayBegin && !this.#begins && arrival !== undefined && this.#either === undefined)
        this.#either = arrival.at;
      else if (mayBegin && !this.#begins) this.#begins = true;
      else if (arrival !== undefined) this.#state[arrival.at] = 1;
      const emission = came ?? this.#parts.emittedByAny(heard);
      if (emission !== undefined) this.#emit(this.#state, emission, eventId);
    }
  }

  /** A saga that begins from outside may have begun though no service has heard of it. */
  #begun(): readonly Uint8Array[] {
    const unheard = this.#parts.model.beginnings.filter(({ service }) => service === undefined);
    const arrived = this.#state.slice();
    if (this.#either !== undefined) arrived[this.#either] = 1;
    if (this.#begins || unheard.length === 0) return [arrived];
    const others = unheard.map(({ emits }) => {
      const state = arrived.slice();
      for (const emission of emits) this.#emit(state, emission, "");
      return state;
    });
    return this.#either === undefined ? others : [this.#state, ...others];
  }

  #emit(state: Uint8Array, emission: ModelEmission, id: string): void {
    const { end, endAt, pivot, acquires, releases, sources } = emission;
    if (end !== undefined) {
      state[endAt] = 1;
      state[end === "success" ? SUCCEEDED : FAILED] = 1;
    }
    if (pivot) state[PIVOTED] = 1;
    for (const at of acquires) state[at] = 1;
    for (const at of releases) state[at] = 0;
    for (const source of sources)
      if (this.#isPending(source, id, emission.type))
        state[source.at] = Math.min(COUNT_MAX, (state[source.at] ?? 0) + 1);
  }

  #isPending(source: DeliverySource, eventId: string, heard: string): boolean {
    const { service, stored } = hearerOf(source);
    const row = this.#handled.get(rowKey({ service, reaction: stored, eventId, heard }));
    const { reaction } = source;
    const held = reaction !== undefined && this.#blocked.has(reaction);
    if (row === undefined) return !held;
    if (!NOT_ENDED.includes(row.disposition)) return false;
    if (row.disposition === "parked") return this.#mayRunAgain(row);
    return !held || row.disposition === "retrying";
  }

  /** Whether a parked delivery blocks those behind it. */
  #isHeldUp(step: TraceStep): boolean {
    if (step.disposition !== "parked" || step.emitted.length > 0) return false;
    return this.#fate === "kept" && !this.#mayRunAgain(step);
  }

  /** Whether what was given up on is tried again. An `onParked` event answers it for ever. */
  #mayRunAgain(step: TraceStep): boolean {
    if (step.emitted.length > 0) return false;
    return this.#fate === "retried" || this.#retried.has(rowKey(step));
  }
}

function markLeftBy(disposition: Disposition): number {
  switch (disposition) {
    case "begun":
    case "done":
      return DONE;
    case "undone":
      return UNDONE;
    case "barred":
      return BARRED;
    default:
      return NONE;
  }
}

function partOf({ entry }: ModelReaction, heard: string | undefined): number {
  const stem = stemOf(heard ?? "");
  return entry.hears.findIndex((type) => stemOf(type) === stem);
}

function eventOf(id: string, type: string): string {
  return `${stemOf(type)}\n${id}`;
}

function rowKey({
  service,
  reaction,
  eventId,
  heard,
}: Pick<TraceStep, "service" | "reaction" | "eventId" | "heard">): string {
  return [service, reaction, eventOf(eventId, heard ?? "")].join("\n");
}

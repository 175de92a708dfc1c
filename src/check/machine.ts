import { BARRED, DONE, NONE, UNDONE } from "../choreography/fence.ts";
import { Arrivals } from "./arrivals.ts";
import { isOverAfterOne } from "./merge.ts";
import {
  ARMED,
  type Beginning,
  type Choice,
  type DeadlineSource,
  type DeliverySource,
  type Effect,
  FAILED,
  FIRST_FREE,
  IDLE,
  type JoinSource,
  type Model,
  type ModelDeadline,
  type ModelEmission,
  type ModelReaction,
  OVER,
  PARKED,
  PIVOTED,
  type RepeatSource,
  SUCCEEDED,
  type TransitionSource,
} from "./model.ts";
import {
  type Alternatives,
  alternativesIn,
  alternativesOf,
  alternativesOfJoin,
  hasGathered,
  isClosed,
  isDead,
  PLAIN,
} from "./rulings.ts";
import type { Violation } from "./violation.ts";

const NOTHING_ELSE: readonly number[] = [PLAIN];

/** Limits the pending deliveries of one kind. Only an unbounded loop reaches it. */
const PENDING_MAX = 250;
/**
 * Limits them where a message may be redelivered any number of times. Two in flight stand for more,
 * since a redelivery replaces each one that is taken.
 */
const PENDING_MAX_REPEATED = 2;

/**
 * Says what may happen in a state, and changes the state accordingly. The fence that decides about
 * each delivery is the runtime's (`choreography/fence.ts`), here over bytes.
 */
export class Machine {
  readonly model: Model;
  /** Violations of the last transition. */
  readonly broken: Violation[] = [];
  /** By reaction: 1 once it has run. */
  readonly ran: Uint8Array;
  /** By deadline: 1 once it has fired. */
  readonly fired: Uint8Array;
  succeeded = false;
  /** Whether a counter was full. The exploration then misses states. */
  overflowed = false;
  readonly #alternatives: readonly Alternatives[];
  /** By byte of a state: how many pending deliveries it counts at most. */
  readonly #pendingMax: Uint8Array;
  readonly #repeats: boolean;
  /** By byte of a state: the delivery that the byte counts. */
  readonly #pendingAt: readonly (DeliverySource | RepeatSource | undefined)[];
  readonly #timers: readonly DeadlineSource[];
  readonly arrivals: Arrivals;
  readonly #joins: readonly JoinSource[];
  /** Effects that a failure end must not leave done. */
  readonly #owed: readonly Effect[];

  constructor(model: Model, pendingMax: number = PENDING_MAX) {
    this.model = model;
    this.#repeats = model.sources.some(({ kind }) => kind === "repeat");
    this.ran = new Uint8Array(model.reactions.length);
    this.fired = new Uint8Array(model.deadlines.length);
    this.#alternatives = model.reactions.map(alternativesOf);
    const pendingAt: (DeliverySource | RepeatSource | undefined)[] = new Array(model.pendingEnd);
    for (const source of model.sources)
      if (source.kind === "delivery" || source.kind === "repeat") pendingAt[source.at] = source;
    this.#pendingAt = pendingAt;
    this.#pendingMax = new Uint8Array(model.size).fill(
      this.#repeats ? PENDING_MAX_REPEATED : pendingMax,
    );
    if (model.reductions.merging && !this.#repeats) this.#mergeLimits(pendingMax);
    this.#timers = model.sources.filter((source) => source.kind === "deadline");
    this.#joins = model.sources.filter((source) => source.kind === "join");
    this.arrivals = new Arrivals(model);
    this.#owed = model.effects.filter(({ needsUndo }) => needsUndo);
  }

  /** Counts a second delivery only where it may do something after the first one. */
  #mergeLimits(pendingMax: number): void {
    for (const source of this.#pendingAt) {
      if (source?.kind !== "delivery") continue;
      const { at, reaction, types } = source;
      const once = reaction === undefined || isOverAfterOne(reaction);
      this.#pendingMax[at] = once ? 1 : Math.min(PENDING_MAX, pendingMax * types.length);
    }
  }

  /** Writes the state in which a saga begins. */
  begin(state: Uint8Array, { effect, emits }: Beginning): void {
    state.fill(0);
    if (effect !== undefined) state[effect.at] = DONE;
    this.#emit(state, undefined, emits);
    this.normalise(state);
    for (const { index } of this.arrivals.sinks) this.ran[index] = 1;
  }

  /**
   * Lists the transitions that a state enables. `certain` ones happen sooner or later; `possible`
   * ones (an arrival, a redelivery) may never happen.
   */
  enabled(state: Uint8Array, certain: TransitionSource[], possible: TransitionSource[]): void {
    const { pendingEnd } = this.model;
    for (let at = FIRST_FREE; at < pendingEnd; at++) {
      if (state[at] === 0) continue;
      const source = this.#pendingAt[at];
      if (source !== undefined) (source.kind === "repeat" ? possible : certain).push(source);
    }
    for (const join of this.#joins) if (hasGathered(state, join.reaction)) certain.push(join);
    for (const timer of this.#timers) if (state[timer.at] === ARMED) certain.push(timer);
    this.arrivals.listIn(state, possible);
  }

  /** Tells whether a source can never change the state any more. */
  isOver(state: Uint8Array, source: TransitionSource): boolean {
    switch (source.kind) {
      case "delivery":
        return isDead(state, source);
      case "repeat":
        return isDead(state, source.of);
      case "join":
        return isClosed(state, source.reaction);
      case "deadline":
        return state[source.at] === OVER;
      case "arrival":
        return state[source.at] !== 0;
    }
  }

  /** Returns the alternatives of an enabled transition: indexes of choices, or `PLAIN`. */
  choices(state: Uint8Array, source: TransitionSource): readonly number[] {
    if (source.kind === "deadline") return source.deadline.choices.map(({ index }) => index);
    if (source.kind === "arrival") return NOTHING_ELSE;
    if (source.kind === "join") {
      const alternatives = this.#alternatives[source.reaction.index];
      return alternatives === undefined
        ? NOTHING_ELSE
        : alternativesOfJoin(state, source.reaction, alternatives);
    }
    const delivery = source.kind === "repeat" ? source.of : source;
    const alternatives = delivery.reaction && this.#alternatives[delivery.reaction.index];
    if (alternatives === undefined) return NOTHING_ELSE;
    return alternativesIn(state, delivery, alternatives);
  }

  /** Changes the state as one alternative of a transition does, and reports what that violates. */
  apply(state: Uint8Array, source: TransitionSource, choice: number): void {
    switch (source.kind) {
      case "delivery":
        state[source.at] = (state[source.at] ?? 0) - 1;
        if (source.repeatAt >= 0) state[source.repeatAt] = 1;
        this.#deliver(state, source, choice);
        break;
      case "repeat":
        this.#deliver(state, source.of, choice);
        break;
      case "join":
        this.#react(state, source.reaction, choice);
        break;
      case "deadline":
        state[source.at] = OVER;
        this.#expire(state, source.deadline, choice);
        break;
      case "arrival":
        state[source.at] = 1;
        this.#emit(state, undefined, source.emits);
        break;
    }
    this.normalise(state);
  }

  /** Removes deliveries without effect, which makes states equal that differ in these alone. */
  normalise(state: Uint8Array): void {
    const { pendingEnd } = this.model;
    for (let at = FIRST_FREE; at < pendingEnd; at++) {
      if (state[at] === 0) continue;
      const source = this.#pendingAt[at];
      if (source !== undefined && isDead(state, source.kind === "repeat" ? source.of : source))
        state[at] = 0;
    }
    for (const { reaction } of this.#joins)
      if (isClosed(state, reaction))
        state.fill(0, reaction.gatherAt, reaction.gatherAt + reaction.parts);
  }

  #expire(state: Uint8Array, deadline: ModelDeadline, choiceIndex: number): void {
    const choice = deadline.choices[choiceIndex];
    if (choice === undefined) return;
    if (choice.kind === "park") state[PARKED] = 1;
    else this.fired[deadline.index] = 1;
    this.#emit(state, deadline.service.name, choice.emits);
  }

  #deliver(
    state: Uint8Array,
    { reaction, deadline, arms, part }: DeliverySource,
    choiceIndex: number,
  ): void {
    if (deadline !== undefined) touch(state, deadline.at, arms);
    if (reaction === undefined) return;
    if (reaction.choices[choiceIndex] !== undefined) this.#react(state, reaction, choiceIndex);
    // A join waits for its other events. Any other delivery is suppressed.
    else if (reaction.gatherAt >= 0) state[reaction.gatherAt + part] = 1;
  }

  #react(state: Uint8Array, reaction: ModelReaction, choiceIndex: number): void {
    const choice = reaction.choices[choiceIndex];
    if (choice === undefined) return;
    if (choice.kind !== "park" && choice.kind !== "forget") {
      this.ran[reaction.index] = 1;
      if (reaction.firedAt >= 0) this.#close(state, reaction);
    }
    this.#take(state, reaction, choice);
    this.#emit(state, reaction.service.name, choice.emits);
  }

  #close(state: Uint8Array, { firedAt, gatherAt, parts }: ModelReaction): void {
    state[firedAt] = 1;
    state.fill(0, gatherAt, gatherAt + parts);
  }

  /** Writes the marks that a choice leaves in the database of its service. */
  #take(state: Uint8Array, reaction: ModelReaction, choice: Choice): void {
    const { onceAt, maxAt, parkedAt, entry } = reaction;
    const { kind, effect, emits } = choice;
    switch (kind) {
      case "late":
        return;
      case "park":
      case "forget":
        state[PARKED] = 1;
        // After an `onParked` event the next delivery is not blocked.
        if (emits.length === 0) state[parkedAt] = 1;
        return;
      case "acknowledge":
        if (effect !== undefined) state[effect.at] = BARRED;
        break;
      case "success":
        if (entry.kind === "undo") this.#undo(state, reaction, choice);
        else if (effect !== undefined) this.#do(state, reaction, effect);
        if (maxAt >= 0) state[maxAt] = (state[maxAt] ?? 0) + 1;
        break;
      case "failure":
        if (maxAt >= 0) state[maxAt] = (state[maxAt] ?? 0) + 1;
    }
    if (onceAt >= 0) state[onceAt] = 1;
  }

  #do(state: Uint8Array, { service }: ModelReaction, effect: Effect): void {
    const before = state[effect.at];
    state[effect.at] = DONE;
    // A repeated end is reported where it is emitted.
    if (service.fence || before === NONE || !effect.needsUndo) return;
    if (before === DONE)
      this.#break("DOUBLE_EFFECT", effect, `${effect.type} is done twice in one saga`);
    else
      this.#break(
        "HANGING",
        effect,
        `${effect.type} is done after it was undone, and nothing will undo it again`,
      );
  }

  #undo(state: Uint8Array, { service }: ModelReaction, { effect, closes }: Choice): void {
    if (effect === undefined) return;
    const done = closes.filter(({ at }) => state[at] === DONE);
    if (done.length > 0) {
      for (const { at } of done) state[at] = UNDONE;
      state[effect.at] = UNDONE;
      for (const one of done) this.#checkOrder(state, one);
    } else if (state[effect.at] === UNDONE) {
      this.#break("DOUBLE_COMPENSATION", effect, `${effect.type} is undone twice in one saga`);
    } else if (!service.fence) {
      state[effect.at] = BARRED;
      this.#break(
        "EMPTY_ROLLBACK",
        effect,
        `the undo of ${effect.type} runs where nothing was done`,
      );
    }
  }

  #checkOrder(state: Uint8Array, effect: Effect): void {
    const later = effect.after.find(({ at }) => state[at] === DONE);
    if (later === undefined) return;
    const message = `${effect.type} is undone while ${later.type} is still done`;
    this.#break("UNDO_ORDER", effect, message);
  }

  #emit(state: Uint8Array, service: string | undefined, emissions: readonly ModelEmission[]): void {
    // Events that are emitted together are not after one another.
    const pivoted = state[PIVOTED] !== 0;
    for (const emission of emissions) {
      const { type, end, endAt, sources, gathers, touches, sinks, acquires, releases } = emission;
      for (const { at } of sources) {
        const pending = state[at] ?? 0;
        const most = this.#pendingMax[at] ?? 0;
        if (pending < most) state[at] = pending + 1;
        else if (!this.#repeats && most > 1) this.overflowed = true;
      }
      for (const at of gathers) state[at] = 1;
      for (const { deadline, arms } of touches) touch(state, deadline.at, arms);
      for (const { index } of sinks) this.ran[index] = 1;
      for (const at of acquires) state[at] = 1;
      for (const at of releases) state[at] = 0;
      if (pivoted && (end === "failure" || emission.triggersUndo)) {
        const what = end === "failure" ? "the saga fails" : "the saga turns back";
        this.broken.push({
          code: "AFTER_PIVOT",
          service,
          event: type,
          message: `${what} with ${type} after its pivot`,
        });
      }
      if (emission.pivot) state[PIVOTED] = 1;
      if (end === undefined) continue;
      if (state[endAt] !== 0)
        this.broken.push({
          code: "DOUBLE_END",
          service: undefined,
          event: type,
          message: `${type} ends the saga twice`,
        });
      state[endAt] = 1;
      state[end === "success" ? SUCCEEDED : FAILED] = 1;
      if (end === "success") this.succeeded = true;
      else this.#findEarly(state, type);
      if (state[SUCCEEDED] !== 0 && state[FAILED] !== 0) {
        this.broken.push({
          code: "MIXED_END",
          service: undefined,
          event: undefined,
          message: "a saga both succeeds and fails",
        });
      }
    }
  }

  /** Reports the effects that are still done while a failure end is emitted. */
  #findEarly(state: Uint8Array, end: string): void {
    for (const { service, type, at } of this.#owed) {
      if (state[at] !== DONE) continue;
      const message = `${end} says that the saga has failed, while ${type} is still done`;
      this.broken.push({ code: "EARLY_END", service, event: type, message, end });
    }
  }

  #break(code: Violation["code"], { service, type }: Effect, message: string): void {
    this.broken.push({ code, service, event: type, message });
  }
}

/** Arms or cancels a deadline. A deadline that is cancelled before it is armed stays cancelled. */
function touch(state: Uint8Array, at: number, arms: boolean): void {
  if (arms) {
    if (state[at] === IDLE) state[at] = ARMED;
  } else if (state[at] !== OVER) state[at] = OVER;
}

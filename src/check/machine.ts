import { BARRED, DONE } from "../choreography/fence.ts";
import { Arrivals } from "./arrivals.ts";
import { isOverAfterOne } from "./merge.ts";
import {
  type Beginning,
  type Choice,
  type DeadlineSource,
  type DeliverySource,
  deliveryMadeBy,
  type Effect,
  FAILED,
  FIRST_FREE,
  type JoinSource,
  type Model,
  type ModelDeadline,
  type ModelEmission,
  type ModelReaction,
  OVER,
  PARKED,
  PIVOTED,
  reactionRunBy,
  SUCCEEDED,
  type TransitionSource,
} from "./model.ts";
import {
  dedupLost,
  deploymentSources,
  effectGone,
  hasRun,
  isPossible,
  type PendingSource,
  pendingSources,
  phaseBit,
  phasesLeft,
} from "./rolling/machine.ts";
import {
  type Alternatives,
  alternativesIn,
  alternativesOf,
  alternativesOfJoin,
  completes,
  hasGathered,
  isCalledOff,
  isClosed,
  isDead,
  PLAIN,
  strangerTo,
} from "./rulings.ts";
import type { Violation } from "./violation.ts";
import { doEffect, touch, undoEffect } from "./writes.ts";

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
  /** By reaction: 1 once it has found nothing to undo. */
  readonly acknowledged: Uint8Array;
  /** By deadline: 1 once it has fired. */
  readonly fired: Uint8Array;
  succeeded = false;
  /** Called for each pending delivery that is removed because it can change nothing. */
  onInert: ((state: Uint8Array, delivery: DeliverySource) => void) | undefined;
  /** Whether a counter was full. The exploration then misses states. */
  overflowed = false;
  readonly #alternatives: readonly Alternatives[];
  /** By byte of a state: how many pending deliveries it counts at most. */
  readonly #pendingMax: Uint8Array;
  readonly #repeats: boolean;
  /** By byte of a state: what the byte counts. */
  readonly #pendingAt: readonly (readonly PendingSource[])[];
  readonly #timers: readonly DeadlineSource[];
  readonly arrivals: Arrivals;
  readonly #joins: readonly JoinSource[];
  readonly #deployment: ReturnType<typeof deploymentSources>;
  /** Effects that a failure end must not leave done. */
  readonly #owed: readonly Effect[];

  constructor(model: Model, pendingMax: number = PENDING_MAX) {
    this.model = model;
    this.#repeats = model.sources.some(({ kind }) => kind === "repeat");
    this.ran = new Uint8Array(model.reactions.length);
    this.acknowledged = new Uint8Array(model.reactions.length);
    this.fired = new Uint8Array(model.deadlines.length);
    this.#alternatives = model.reactions.map(alternativesOf);
    this.#pendingAt = pendingSources(model);
    this.#pendingMax = new Uint8Array(model.size).fill(
      this.#repeats ? PENDING_MAX_REPEATED : pendingMax,
    );
    if (model.reductions.merging && !this.#repeats) this.#mergeLimits(pendingMax);
    this.#timers = model.sources.filter((source) => source.kind === "deadline");
    this.#joins = model.sources.filter((source) => source.kind === "join");
    this.arrivals = new Arrivals(model);
    this.#deployment = deploymentSources(model);
    this.#owed = model.effects.filter(({ needsUndo }) => needsUndo);
  }

  /** Counts a second delivery only where it may do something after the first one. */
  #mergeLimits(pendingMax: number): void {
    for (const source of this.#pendingAt.flat()) {
      if (source.kind !== "delivery") continue;
      const { at, reaction, types } = source;
      const once = reaction === undefined || isOverAfterOne(reaction);
      this.#pendingMax[at] = once ? 1 : Math.min(PENDING_MAX, pendingMax * types.length);
    }
  }

  /** Writes the state in which a saga begins. */
  begin(state: Uint8Array, { effect, emits, phase }: Beginning): void {
    state.fill(0);
    if (this.model.rolling !== undefined) state[this.model.rolling.phaseAt] = phase;
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
    const phase = phaseBit(this.model, state);
    for (let at = FIRST_FREE; at < pendingEnd; at++) {
      if (state[at] === 0) continue;
      for (const source of this.#pendingAt[at] ?? [])
        if ((source.phases & phase) !== 0) (isPossible(source) ? possible : certain).push(source);
    }
    for (const timer of this.#timers) {
      const armed = state[timer.at] === timer.deadline.armedAs;
      if (armed && (timer.phases & phase) !== 0) certain.push(timer);
    }
    for (const join of this.#joins) if (hasGathered(state, join.reaction)) certain.push(join);
    this.arrivals.listIn(state, possible);
    for (const source of this.#deployment)
      if ((source.phases & phase) !== 0 && (source.kind === "move" || completes(state, source.of)))
        certain.push(source);
  }

  /** Tells whether a source can never change the state any more. */
  isOver(state: Uint8Array, source: TransitionSource): boolean {
    const phases = phasesLeft(this.model, state);
    if ((source.phases & phases) === 0) return true;
    switch (source.kind) {
      case "delivery":
      case "repeat":
      case "again":
        // Two versions of a part take what one byte counts.
        return this.#isDead(state, source.at, phases);
      case "join":
        return isClosed(state, source.reaction);
      case "deadline":
        return state[source.at] === OVER;
      case "arrival":
        return state[source.at] !== 0;
      case "take":
      case "completion":
      case "move":
        return false;
    }
  }

  /** Returns the alternatives of an enabled transition: indexes of choices, or `PLAIN`. */
  choices(state: Uint8Array, source: TransitionSource): readonly number[] {
    if (source.kind === "deadline") {
      if (source.retired || isCalledOff(state, source)) return NOTHING_ELSE;
      return source.deadline.choices.map(({ index }) => index);
    }
    const alternatives = this.#alternatives[reactionRunBy(source)?.index ?? -1];
    if (source.kind === "join")
      return alternatives === undefined
        ? NOTHING_ELSE
        : alternativesOfJoin(state, source.reaction, alternatives);
    const delivery = deliveryMadeBy(source);
    if (delivery === undefined || alternatives === undefined) return NOTHING_ELSE;
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
      case "again":
        state[source.at] = 0;
        this.#deliver(state, source.of, choice);
        if (source.gone.length > 0 && hasRun(source.of, choice))
          this.broken.push(dedupLost(this.model, source));
        break;
      case "completion":
        this.#deliver(state, source.of, choice);
        break;
      case "take":
        state[source.at] = (state[source.at] ?? 0) - 1;
        for (const at of source.gives) this.#post(state, at);
        for (const at of source.again) state[at] = 1;
        break;
      case "move":
        state[source.at] = source.to;
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
    const phases = phasesLeft(this.model, state);
    for (let at = FIRST_FREE; at < pendingEnd; at++) {
      if (state[at] === 0 || !this.#isDead(state, at, phases)) continue;
      if (this.onInert !== undefined) this.#tellInert(state, at, phases);
      state[at] = 0;
    }
    for (const { reaction } of this.#joins)
      if (isClosed(state, reaction))
        state.fill(0, reaction.gatherAt, reaction.gatherAt + reaction.parts);
  }

  #tellInert(state: Uint8Array, at: number, phases: number): void {
    for (const source of this.#pendingAt[at] ?? []) {
      const delivery = (source.phases & phases) === 0 ? undefined : deliveryMadeBy(source);
      if (delivery !== undefined) this.onInert?.(state, delivery);
    }
  }

  /** Whether nothing that the byte counts can change anything, in any phase that is left. */
  #isDead(state: Uint8Array, at: number, phases: number): boolean {
    for (const source of this.#pendingAt[at] ?? []) {
      if ((source.phases & phases) === 0) continue;
      const delivery = deliveryMadeBy(source);
      if (delivery === undefined || !isDead(state, delivery)) return false;
    }
    return true;
  }

  #post(state: Uint8Array, at: number): void {
    const pending = state[at] ?? 0;
    const most = this.#pendingMax[at] ?? 0;
    if (pending < most) state[at] = pending + 1;
    else if (!this.#repeats && most > 1) this.overflowed = true;
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
    { reaction, deadline, arms, part, notes }: DeliverySource,
    choiceIndex: number,
  ): void {
    for (const at of notes) state[at] = 1;
    if (deadline !== undefined) touch(state, deadline, arms);
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
    const stranger = choice.kind === "park" ? strangerTo(state, reaction) : undefined;
    if (stranger !== undefined) this.broken.push(effectGone(this.model, reaction, stranger));
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
        this.acknowledged[reaction.index] = 1;
        if (effect !== undefined) state[effect.at] = BARRED;
        break;
      case "success":
        if (entry.kind === "undo") undoEffect(state, reaction, choice, this.broken);
        else if (effect !== undefined) doEffect(state, reaction, effect, this.broken);
        if (maxAt >= 0) state[maxAt] = (state[maxAt] ?? 0) + 1;
        break;
      case "failure":
        if (maxAt >= 0) state[maxAt] = (state[maxAt] ?? 0) + 1;
    }
    if (onceAt >= 0) state[onceAt] = 1;
  }

  #emit(state: Uint8Array, service: string | undefined, emissions: readonly ModelEmission[]): void {
    // Events that are emitted together are not after one another.
    const pivoted = state[PIVOTED] !== 0;
    const phase = phaseBit(this.model, state);
    for (const emission of emissions) {
      const { type, end, endAt, posts, gathers, notes, touches, sinks } = emission;
      for (const { at, phases } of posts) if ((phases & phase) !== 0) this.#post(state, at);
      for (const at of gathers) state[at] = 1;
      for (const at of notes) state[at] = 1;
      for (const { deadline, arms } of touches) touch(state, deadline, arms);
      for (const { index } of sinks) this.ran[index] = 1;
      for (const at of emission.acquires) state[at] = 1;
      for (const at of emission.releases) state[at] = 0;
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
}

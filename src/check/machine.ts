import { BARRED, DONE, NONE, UNDONE } from "../choreography/fence.ts";
import {
  type ArrivalSource,
  type Beginning,
  type Choice,
  type DeadlineSource,
  type DeliverySource,
  deliveryMadeBy,
  type Effect,
  FAILED,
  FIRST_FREE,
  IDLE,
  type Model,
  type ModelDeadline,
  type ModelEmission,
  type ModelReaction,
  OVER,
  PARKED,
  PIVOTED,
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
  completes,
  isDead,
  PLAIN,
  strangerTo,
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
  readonly #pendingMax: number;
  readonly #repeats: boolean;
  /** By byte of a state: what the byte counts. */
  readonly #pendingAt: readonly (readonly PendingSource[])[];
  readonly #timers: readonly DeadlineSource[];
  readonly #arrivals: readonly ArrivalSource[];
  readonly #deployment: ReturnType<typeof deploymentSources>;
  /** Effects that a failure end must not leave done. */
  readonly #owed: readonly Effect[];

  constructor(model: Model, pendingMax: number = PENDING_MAX) {
    this.model = model;
    this.#repeats = model.sources.some(({ kind }) => kind === "repeat");
    this.#pendingMax = this.#repeats ? PENDING_MAX_REPEATED : pendingMax;
    this.ran = new Uint8Array(model.reactions.length);
    this.acknowledged = new Uint8Array(model.reactions.length);
    this.fired = new Uint8Array(model.deadlines.length);
    this.#alternatives = model.reactions.map(alternativesOf);
    this.#pendingAt = pendingSources(model);
    this.#timers = model.sources.filter((source) => source.kind === "deadline");
    this.#arrivals = model.sources.filter((source) => source.kind === "arrival");
    this.#deployment = deploymentSources(model);
    this.#owed = model.effects.filter(({ needsUndo }) => needsUndo);
  }

  /** Writes the state in which a saga begins. */
  begin(state: Uint8Array, { effect, emits, phase }: Beginning): void {
    state.fill(0);
    if (this.model.rolling !== undefined) state[this.model.rolling.phaseAt] = phase;
    if (effect !== undefined) state[effect.at] = DONE;
    this.#emit(state, undefined, emits);
    this.normalise(state);
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
    for (const arrival of this.#arrivals) if (state[arrival.at] === 0) possible.push(arrival);
    for (const source of this.#deployment)
      if ((source.phases & phase) !== 0 && (source.kind === "move" || completes(state, source.of)))
        certain.push(source);
  }

  /** Returns the alternatives of an enabled transition: indexes of choices, or `PLAIN`. */
  choices(state: Uint8Array, source: TransitionSource): readonly number[] {
    if (source.kind === "deadline") {
      if (source.retired || isCalledOff(state, source)) return NOTHING_ELSE;
      return source.deadline.choices.map(({ index }) => index);
    }
    const delivery = deliveryMadeBy(source);
    const alternatives = delivery?.reaction && this.#alternatives[delivery.reaction.index];
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
    if (pending < this.#pendingMax) state[at] = pending + 1;
    else if (!this.#repeats) this.overflowed = true;
  }

  #expire(state: Uint8Array, deadline: ModelDeadline, choiceIndex: number): void {
    const choice = deadline.choices[choiceIndex];
    if (choice === undefined) return;
    if (choice.kind === "park") state[PARKED] = 1;
    else this.fired[this.model.deadlines.indexOf(deadline)] = 1;
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
    const choice = reaction.choices[choiceIndex];
    if (choice === undefined) {
      // A join waits for its other events. Any other delivery is suppressed.
      if (reaction.gatherAt >= 0) state[reaction.gatherAt + part] = 1;
      return;
    }
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
    else this.#break("HANGING", effect, `${effect.type} is done after its undo has run`);
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
    for (const later of effect.after) {
      if (state[later.at] !== DONE) continue;
      const message = `${effect.type} is undone while ${later.type} is still done`;
      this.#break("UNDO_ORDER", effect, message, later.type);
    }
  }

  #emit(state: Uint8Array, service: string | undefined, emissions: readonly ModelEmission[]): void {
    // Events that are emitted together are not after one another.
    const pivoted = state[PIVOTED] !== 0;
    const phase = phaseBit(this.model, state);
    for (const emission of emissions) {
      const { type, end, endAt, posts, notes, touches, sinks, acquires, releases } = emission;
      for (const { at, phases } of posts) if ((phases & phase) !== 0) this.#post(state, at);
      for (const at of notes) state[at] = 1;
      for (const { deadline, arms } of touches) touch(state, deadline, arms);
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

  #break(
    code: Violation["code"],
    { service, type }: Effect,
    message: string,
    detail?: string,
  ): void {
    this.broken.push({ code, service, event: type, message, detail });
  }
}

/** Arms or cancels a deadline. A deadline that is cancelled before it is armed stays cancelled. */
function touch(state: Uint8Array, { at, armedAs }: ModelDeadline, arms: boolean): void {
  if (arms) {
    if (state[at] === IDLE) state[at] = armedAs;
  } else if (state[at] !== OVER) state[at] = OVER;
}

/** Whether an event has passed that calls a deadline off, though the other version let it pass. */
function isCalledOff(state: Uint8Array, { seeks }: DeadlineSource): boolean {
  return seeks.some((at) => state[at] !== 0);
}

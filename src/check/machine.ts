import {
  ACKNOWLEDGE,
  BARRED,
  DONE,
  LATE,
  NONE,
  RUN,
  type Ruling,
  rulingOn,
  SUPPRESS,
  UNDO,
  UNDONE,
} from "../choreography/fence.ts";
import { hasPivot, isOverAfterOne, onlyTravels } from "./merge.ts";
import {
  ARMED,
  type ArrivalSource,
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
  type ModelEmission,
  type ModelReaction,
  OVER,
  PARKED,
  PIVOTED,
  type RepeatSource,
  SUCCEEDED,
  type TransitionSource,
} from "./model.ts";
import type { Violation } from "./violation.ts";

/**
 * Stands for the only alternative of a transition: a deadline fires, an event arrives, a join notes
 * a delivery.
 */
export const PLAIN = -1;

/** Limits the pending deliveries of one kind. Only an unbounded loop reaches it. */
const PENDING_MAX = 250;
/**
 * Limits them where a message may be redelivered any number of times. Two in flight stand for more,
 * since a redelivery replaces each one that is taken.
 */
const PENDING_MAX_REPEATED = 2;

/** Indexes of a reaction's choices: by ruling of the fence, and for a join that still waits. */
interface Alternatives {
  readonly byRuling: Readonly<Record<Ruling, readonly number[]>>;
  readonly note: readonly number[];
}

const NOTHING_ELSE: readonly number[] = [PLAIN];

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
  readonly #arrivals: readonly ArrivalSource[];
  readonly #joins: readonly JoinSource[];
  /** By byte of a gathered event: its join. */
  readonly joinAt: ReadonlyMap<number, ModelReaction>;
  /** By index of a source: whether it is an arrival that may come later instead. */
  readonly #postponable: readonly boolean[];

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
    this.#arrivals = model.sources.filter((source) => source.kind === "arrival");
    this.#joins = model.sources.filter((source) => source.kind === "join");
    this.joinAt = new Map(
      this.#joins.flatMap(({ reaction }) =>
        reaction.optional.map((_, part) => [reaction.gatherAt + part, reaction] as const),
      ),
    );
    const pivots = hasPivot(model);
    const { arrivals } = model.reductions;
    this.#postponable = model.sources.map(
      (source) =>
        arrivals &&
        !this.#repeats &&
        source.kind === "arrival" &&
        onlyTravels(source.emits, pivots),
    );
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
    // What hears an arrival and changes nothing does so at any time.
    for (const arrival of this.#arrivals)
      if (this.#postponable[arrival.index])
        for (const { index } of arrival.emits.flatMap(({ sinks }) => sinks)) this.ran[index] = 1;
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
    for (const arrival of this.#arrivals)
      if (state[arrival.at] === 0 && this.#isAwaited(state, arrival)) possible.push(arrival);
  }

  /**
   * Tells whether an arrival may come now. One that only waits for its hearers may as well come
   * later: when one of them does something with it.
   */
  #isAwaited(state: Uint8Array, arrival: ArrivalSource): boolean {
    if (this.#postponable[arrival.index] !== true) return true;
    return arrival.emits.some(
      ({ sources, gathers }) =>
        sources.some((source) => isAwaitedBy(state, source)) ||
        gathers.some((at) => this.#isLast(state, at)),
    );
  }

  /** Tells whether a join lacks nothing but one event. */
  #isLast(state: Uint8Array, at: number): boolean {
    const reaction = this.joinAt.get(at);
    if (reaction === undefined || this.isClosed(state, reaction)) return false;
    const { gatherAt, parts, optional } = reaction;
    for (let part = 0; part < parts; part++)
      if (gatherAt + part !== at && state[gatherAt + part] === 0 && !optional[part]) return false;
    return true;
  }

  /** Tells whether a source can never change the state any more, whatever else happens. */
  isOver(state: Uint8Array, source: TransitionSource): boolean {
    switch (source.kind) {
      case "delivery":
        return isDead(state, source);
      case "repeat":
        return isDead(state, source.of);
      case "join":
        return this.isClosed(state, source.reaction);
      case "deadline":
        return state[source.at] === OVER;
      case "arrival":
        return state[source.at] !== 0;
    }
  }

  /** Tells whether a join will do nothing, whatever it gathers. */
  isClosed(state: Uint8Array, reaction: ModelReaction): boolean {
    return isIdle(reaction, ruleOn(state, reaction));
  }

  /** Returns the alternatives of an enabled transition: indexes of choices, or `PLAIN`. */
  choices(state: Uint8Array, source: TransitionSource): readonly number[] {
    if (source.kind === "join") {
      const ruling = ruleOn(state, source.reaction);
      return this.#alternatives[source.reaction.index]?.byRuling[ruling] ?? NOTHING_ELSE;
    }
    const delivery = source.kind === "repeat" ? source.of : source;
    if (delivery.kind !== "delivery" || delivery.reaction === undefined) return NOTHING_ELSE;
    const { reaction, part } = delivery;
    const alternatives = this.#alternatives[reaction.index];
    if (alternatives === undefined || isHeld(state, reaction, part)) return NOTHING_ELSE;
    const ruling = ruleOn(state, reaction);
    if (isIdle(reaction, ruling)) return NOTHING_ELSE;
    const { gatherAt, parts, optional } = reaction;
    for (let other = 0; other < parts; other++)
      if (other !== part && state[gatherAt + other] === 0 && !optional[other])
        return alternatives.note;
    return alternatives.byRuling[ruling];
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
        this.fired[source.deadline.index] = 1;
        this.#emit(state, source.deadline.service.name, source.deadline.emits);
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
    for (const join of this.#joins) {
      const { gatherAt, parts } = join.reaction;
      if (this.isOver(state, join)) state.fill(0, gatherAt, gatherAt + parts);
    }
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
    if (choice.kind !== "park") {
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
  #take(state: Uint8Array, reaction: ModelReaction, { kind, effect, emits }: Choice): void {
    const { onceAt, maxAt, parkedAt, entry } = reaction;
    switch (kind) {
      case "late":
        return;
      case "park":
        state[PARKED] = 1;
        // After an `onParked` event the next delivery is not blocked.
        if (emits.length === 0) state[parkedAt] = 1;
        return;
      case "acknowledge":
        if (effect !== undefined) state[effect.at] = BARRED;
        break;
      case "success":
        if (entry.kind === "undo") this.#undo(state, reaction, effect);
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

  #undo(state: Uint8Array, { service }: ModelReaction, effect: Effect | undefined): void {
    if (effect === undefined) return;
    const before = state[effect.at];
    if (before === DONE) {
      state[effect.at] = UNDONE;
      const later = effect.after.find(({ at }) => state[at] === DONE);
      if (later !== undefined)
        this.#break(
          "UNDO_ORDER",
          effect,
          `${effect.type} is undone while ${later.type} is still done`,
        );
    } else if (before === UNDONE) {
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

  #emit(state: Uint8Array, service: string | undefined, emissions: readonly ModelEmission[]): void {
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
      if (state[PIVOTED] !== 0 && (end === "failure" || emission.triggersUndo)) {
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

/** Whether a delivery would do something at once. */
function isAwaitedBy(state: Uint8Array, source: DeliverySource): boolean {
  const { deadline, arms } = source;
  // Cancelling a deadline that is not armed yet is the same as cancelling it as soon as it is.
  if (deadline !== undefined && !arms && state[deadline.at] === IDLE) return false;
  return !isDead(state, source);
}

/** Whether a join has all that it waits for. */
function hasGathered(state: Uint8Array, { gatherAt, parts, optional }: ModelReaction): boolean {
  let any = false;
  for (let part = 0; part < parts; part++) {
    if (state[gatherAt + part] !== 0) any = true;
    else if (!optional[part]) return false;
  }
  return any;
}

/** Whether a delivery can change nothing, now or later. */
function isDead(state: Uint8Array, { reaction, deadline, arms, part }: DeliverySource): boolean {
  if (deadline !== undefined)
    return arms ? state[deadline.at] !== IDLE : state[deadline.at] === OVER;
  if (reaction === undefined) return true;
  return isHeld(state, reaction, part) || isIdle(reaction, ruleOn(state, reaction));
}

/** Whether a delivery waits behind a parked one, or the join has gathered its event already. */
function isHeld(state: Uint8Array, { parkedAt, gatherAt }: ModelReaction, part: number): boolean {
  if (parkedAt >= 0 && state[parkedAt] !== 0) return true;
  return gatherAt >= 0 && state[gatherAt + part] !== 0;
}

function isIdle({ lateSilent }: ModelReaction, ruling: Ruling): boolean {
  return ruling === SUPPRESS || (ruling === LATE && lateSilent);
}

/** Asks the fence about the next delivery to a reaction. */
function ruleOn(state: Uint8Array, reaction: ModelReaction): Ruling {
  const { kind, onceAt, maxAt, max, firedAt } = reaction;
  const taken = onceAt >= 0 && state[onceAt] !== 0;
  const spent = maxAt >= 0 && (state[maxAt] ?? 0) >= max;
  const fired = firedAt >= 0 && state[firedAt] !== 0;
  return rulingOn(kind, marksOf(state, reaction), taken, spent, fired);
}

/**
 * Joins the marks that the fence asks for. Of a service without a fence, returns marks that let the
 * delivery pass.
 */
function marksOf(state: Uint8Array, { kind, service, effects }: ModelReaction): number {
  if (!service.fence) return kind === UNDO ? DONE : NONE;
  let marks = NONE;
  for (const { at } of effects) marks |= state[at] ?? NONE;
  return marks;
}

function alternativesOf({ choices }: ModelReaction): Alternatives {
  const indexesOf = (...kinds: readonly Choice["kind"][]) =>
    choices.filter(({ kind }) => kinds.includes(kind)).map(({ index }) => index);
  return {
    byRuling: {
      [RUN]: indexesOf("success", "failure", "park"),
      [LATE]: indexesOf("late", "park"),
      [SUPPRESS]: NOTHING_ELSE,
      [ACKNOWLEDGE]: indexesOf("acknowledge", "park"),
    },
    note: [PLAIN, ...indexesOf("park")],
  };
}

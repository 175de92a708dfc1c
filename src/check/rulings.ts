import {
  ACKNOWLEDGE,
  DONE,
  LATE,
  markOfAllKeys,
  markOfKey,
  NONE,
  RUN,
  type Ruling,
  rulingOn,
  SUPPRESS,
  UNDO,
} from "../choreography/fence.ts";
import {
  type Choice,
  type DeadlineSource,
  type DeliverySource,
  IDLE,
  type KeyedMarks,
  type ModelReaction,
  OVER,
} from "./model.ts";
import { hasAwaited, strangerIn } from "./rolling/machine.ts";

/*
 * What the fence says of a delivery in a state. It is the runtime's (`choreography/fence.ts`), here
 * over bytes.
 */

/** Stands for the only alternative of a transition: an event arrives, a join notes a delivery. */
export const PLAIN = -1;

/** Indexes of a reaction's choices. */
export interface Alternatives {
  /** By key of the reaction, then by ruling of the fence. */
  readonly byKey: readonly Readonly<Record<Ruling, readonly number[]>>[];
  /** Of a join that still waits. */
  readonly note: readonly number[];
  /** Of a delivery that comes when the service may have forgotten the saga. */
  readonly forget: readonly number[];
  /** Of an undo without its mark, while an effect is done that may be its own. */
  readonly strange: readonly number[];
}

const NOTHING_ELSE: readonly number[] = [PLAIN];

export function alternativesOf({ choices, keys, service }: ModelReaction): Alternatives {
  const strange = choices.filter(({ kind }) => kind === "park").map(({ index }) => index);
  const parks = service.mayPark ? strange : [];
  // The key of a payload that cannot be read is unknown, and so is whether its effect is done.
  const suppressed = keys.length > 1 && service.mayPark ? [PLAIN, ...parks] : NOTHING_ELSE;
  const byKey = keys.map((_, key) => {
    const indexesOf = (...kinds: readonly Choice["kind"][]) =>
      choices
        .filter((choice) => choice.key === undefined || choice.key === key)
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ index }) => index);
    return {
      [RUN]: [...indexesOf("success", "failure"), ...parks],
      [LATE]: [...indexesOf("late"), ...parks],
      [SUPPRESS]: suppressed,
      [ACKNOWLEDGE]: [...indexesOf("acknowledge"), ...parks],
    };
  });
  const forget = choices.filter(({ kind }) => kind === "forget").map(({ index }) => index);
  return { byKey, note: [PLAIN, ...parks], forget, strange };
}

/** Returns what may come of a delivery: indexes of choices, or `PLAIN`. */
export function alternativesIn(
  state: Uint8Array,
  { reaction, part, forgets }: DeliverySource,
  alternatives: Alternatives,
): readonly number[] {
  if (reaction === undefined || isHeld(state, reaction, part)) return NOTHING_ELSE;
  const known = knownIn(state, reaction, part, alternatives);
  if (!forgets || isKept(state, reaction)) return known;
  return [...known, ...alternatives.forget];
}

function knownIn(
  state: Uint8Array,
  reaction: ModelReaction,
  part: number,
  { byKey, note, strange }: Alternatives,
): readonly number[] {
  const { keys, gatherAt, parts, optional } = reaction;
  const [first] = keys;
  if (first === undefined) return NOTHING_ELSE;
  if (keys.length > 1)
    return [
      ...new Set(
        keys.flatMap((marks, key) => {
          const ruling = ruleOn(state, reaction, marks);
          if (ruling === ACKNOWLEDGE && strangerIn(state, reaction) !== undefined) return strange;
          return byKey[key]?.[isIdle(reaction, ruling) ? SUPPRESS : ruling] ?? [];
        }),
      ),
    ];
  const ruling = ruleOn(state, reaction, first);
  if (isIdle(reaction, ruling)) return NOTHING_ELSE;
  if (ruling === ACKNOWLEDGE && strangerIn(state, reaction) !== undefined) return strange;
  for (let other = 0; other < parts; other++)
    if (other !== part && state[gatherAt + other] === 0 && !optional[other]) return note;
  return byKey[0]?.[ruling] ?? NOTHING_ELSE;
}

/** Returns what may come of a join that has all its events. */
export function alternativesOfJoin(
  state: Uint8Array,
  reaction: ModelReaction,
  { byKey }: Alternatives,
): readonly number[] {
  const [marks] = reaction.keys;
  if (marks === undefined) return NOTHING_ELSE;
  return byKey[0]?.[ruleOn(state, reaction, marks)] ?? NOTHING_ELSE;
}

/** Returns what the fence says of a delivery, for each key that it may have. */
export function rulingsOn(
  state: Uint8Array,
  reaction: ModelReaction,
  part: number,
): readonly Ruling[] {
  if (isHeld(state, reaction, part)) return [SUPPRESS];
  return reaction.keys.map((marks) => ruleOn(state, reaction, marks));
}

/** Whether a reaction does nothing with any event that it hears, now or later. */
export function isClosed(state: Uint8Array, reaction: ModelReaction): boolean {
  return reaction.keys.every((marks) => isIdle(reaction, ruleOn(state, reaction, marks)));
}

/** Whether a join has all that it waits for. */
export function hasGathered(
  state: Uint8Array,
  { gatherAt, parts, optional }: ModelReaction,
): boolean {
  let any = false;
  for (let part = 0; part < parts; part++) {
    if (state[gatherAt + part] !== 0) any = true;
    else if (!optional[part]) return false;
  }
  return any;
}

/** Whether a delivery would do something at once. */
export function isAwaited(state: Uint8Array, source: DeliverySource): boolean {
  const { deadline, arms } = source;
  // Cancelling a deadline that is not armed yet is the same as cancelling it as soon as it is.
  if (deadline !== undefined && !arms && state[deadline.at] === IDLE) return false;
  return !isDead(state, source);
}

/** Whether a delivery can change nothing, now or later. */
export function isDead(state: Uint8Array, source: DeliverySource): boolean {
  const { reaction, deadline, arms, part, forgets, notes } = source;
  for (const at of notes) if (state[at] === 0) return false;
  if (deadline !== undefined)
    return arms ? state[deadline.at] !== IDLE : state[deadline.at] === OVER;
  if (reaction === undefined || isHeld(state, reaction, part)) return true;
  const { keys, service } = reaction;
  if (forgets || (keys.length > 1 && service.mayPark)) return false;
  return isClosed(state, reaction);
}

/** Whether an event has passed that calls a deadline off, though the other version let it pass. */
export function isCalledOff(state: Uint8Array, { seeks }: DeadlineSource): boolean {
  return seeks.some((at) => state[at] !== 0);
}

/** Whether a delivery waits behind a parked one, or the join has gathered its event already. */
function isHeld(state: Uint8Array, { parkedAt, gatherAt }: ModelReaction, part: number): boolean {
  if (parkedAt >= 0 && state[parkedAt] !== 0) return true;
  return gatherAt >= 0 && part >= 0 && state[gatherAt + part] !== 0;
}

/** Whether a join may fire though none of its events is under way. */
export function completes(state: Uint8Array, { reaction, part }: DeliverySource): boolean {
  const [marks] = reaction?.keys ?? [];
  if (reaction === undefined || marks === undefined || isHeld(state, reaction, part)) return false;
  return hasAwaited(state, reaction) && !isIdle(reaction, ruleOn(state, reaction, marks));
}

/** Returns an effect that is done and may be what an undo without its mark is meant to reverse. */
export function strangerTo(state: Uint8Array, reaction: ModelReaction): string | undefined {
  const missing = reaction.keys.some((marks) => ruleOn(state, reaction, marks) === ACKNOWLEDGE);
  return missing ? strangerIn(state, reaction) : undefined;
}

/** Whether the service has something open in the saga, which it then does not forget. */
function isKept(state: Uint8Array, { keptBy }: ModelReaction): boolean {
  return keptBy.some((at) => state[at] === 1);
}

function isIdle({ lateSilent }: ModelReaction, ruling: Ruling): boolean {
  return ruling === SUPPRESS || (ruling === LATE && lateSilent);
}

/** Asks the fence about the next delivery to a reaction, with one of its keys. */
function ruleOn(state: Uint8Array, reaction: ModelReaction, marks: KeyedMarks): Ruling {
  const { kind, onceAt, maxAt, max, firedAt } = reaction;
  const taken = onceAt >= 0 && state[onceAt] !== 0;
  const spent = maxAt >= 0 && (state[maxAt] ?? 0) >= max;
  const fired = firedAt >= 0 && state[firedAt] !== 0;
  return rulingOn(kind, marksOf(state, reaction, marks), taken, spent, fired);
}

/**
 * Joins the marks that the fence asks for. Of a service without a fence, returns marks that let the
 * delivery pass.
 */
function marksOf(
  state: Uint8Array,
  { kind, service, ofAllKeys }: ModelReaction,
  { effects, barredBy }: KeyedMarks,
): number {
  if (!service.fence) return kind === UNDO ? DONE : NONE;
  if (ofAllKeys) {
    const [ofAll, ...keyed] = effects;
    return markOfAllKeys(marksIn(state, ofAll === undefined ? [] : [ofAll]), marksIn(state, keyed));
  }
  return markOfKey(marksIn(state, effects), marksIn(state, barredBy));
}

function marksIn(state: Uint8Array, effects: KeyedMarks["effects"]): number {
  let marks = NONE;
  for (const { at } of effects) marks |= state[at] ?? NONE;
  return marks;
}

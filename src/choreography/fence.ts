/*
 * The fence: what one delivery does, given the marks of its saga. The runtime asks it about the
 * rows that it has read, and the checker about the bytes of a state. Everything is a small integer,
 * so that a call allocates nothing.
 *
 * | arrives  | mark of its effect | what happens                             |
 * | -------- | ------------------ | ---------------------------------------- |
 * | the step | none               | runs; the mark is then done              |
 * | the step | done               | suppressed: a duplicate effect           |
 * | the step | undone or barred   | suppressed: its saga has turned back     |
 * | the undo | done               | runs; the mark is then undone            |
 * | the undo | none               | acknowledged; the mark is then barred    |
 * | the undo | undone or barred   | suppressed: the effect is already undone |
 *
 * Where the table lets a delivery pass, `firstOf` and `max` decide between it and its late outcome.
 */

/** States of an effect's mark. Each is one bit, so that `|` puts several marks into one number. */
export const NONE = 0;
export const DONE = 1;
export const UNDONE = 2;
export const BARRED = 4;

/** Kinds of reactions. */
export const STEP = 0;
export const UNDO = 1;
export const JOIN = 2;
export type ReactionKind = typeof STEP | typeof UNDO | typeof JOIN;

/** Numbers the kinds as declarations and manifests name them. */
export const KINDS = { step: STEP, undo: UNDO, join: JOIN } as const;

/** Calls the handler. Of a join: as soon as all its events have arrived. */
export const RUN = 0;
/** Takes the late outcome: another reaction was first, or `max` is reached. */
export const LATE = 1;
/** Does nothing: the saga has turned back, or this has happened already. */
export const SUPPRESS = 2;
/** Bars an effect that was never done, and emits the undo's first event all the same. */
export const ACKNOWLEDGE = 3;
export type Ruling = typeof RUN | typeof LATE | typeof SUPPRESS | typeof ACKNOWLEDGE;

/**
 * Returns what bars the effect of one key: its own mark, or an undo of all keys.
 *
 * @param own the mark of the key
 * @param ofAll the mark without a key, where an undo of all keys leaves its trace
 */
export function markOfKey(own: number, ofAll: number): number {
  return own | (ofAll & (UNDONE | BARRED));
}

/**
 * Returns the mark that an undo of all keys asks the fence about: undone or barred once it has run,
 * else done while the effect of any key is.
 *
 * @param ofAll the mark without a key
 * @param keyed the marks of the keys, joined by `|`
 */
export function markOfAllKeys(ofAll: number, keyed: number): number {
  const closed = ofAll & (UNDONE | BARRED);
  return closed !== NONE ? closed : (ofAll | keyed) & DONE;
}

/**
 * Decides what a delivery does. The effect's mark is asked first, so a duplicate of a reaction that
 * has done its effect is suppressed and never late.
 *
 * @param marks of every effect that the reaction may do, or that the undo reverses, joined by `|`
 * @param taken whether the name of its `firstOf` is taken
 * @param spent whether it has run `max` times
 * @param fired whether the join has run
 */
export function rulingOn(
  kind: ReactionKind,
  marks: number,
  taken: boolean,
  spent: boolean,
  fired: boolean,
): Ruling {
  if (kind === UNDO) {
    if ((marks & (UNDONE | BARRED)) !== 0) return SUPPRESS;
  } else if (marks !== NONE || fired) return SUPPRESS;
  if (taken || spent) return LATE;
  return kind === UNDO && marks === NONE ? ACKNOWLEDGE : RUN;
}

import type { ReactionEntry } from "../../src/manifest/manifest.ts";
import type { Mark } from "./plain-state.ts";

/** Two keys stand for any number; a mark without a key has none. */
export const KEYS = ["k1", "k2"] as const;

/** An effect without the key for which it was done. */
export function withoutKey(effect: string): string {
  return effect.replace(/ k\d$/, "");
}

/** The effects that a reaction leaves or undoes, and those of them that may have no key. */
interface Marked {
  readonly marks: readonly string[];
  readonly bare: readonly string[];
}

/** What the fence knows of the effects of a delivery: of one key, of none, or of all keys. */
export function markOf(
  effects: Readonly<Record<string, Mark>>,
  { keyed }: ReactionEntry,
  { marks, bare }: Marked,
  key: string | undefined,
): Mark | undefined {
  const known = bare.flatMap((mark) => effects[mark] ?? []);
  const turnedBack = known.find((mark) => mark !== "done");
  if (keyed === "all") {
    const all = KEYS.map((one) => effects[`${marks[0]} ${one}`]);
    return turnedBack ?? [...known, ...all].find((mark) => mark === "done");
  }
  if (key === undefined) return turnedBack ?? known[0];
  const own = marks.flatMap((mark) => effects[`${mark} ${key}`] ?? []);
  return turnedBack ?? own.find((mark) => mark !== "done") ?? own[0];
}

/** Whether a reaction changes nothing: giving up on it leaves nothing undone. */
export function isSink(reaction: ReactionEntry, effects: readonly string[]): boolean {
  const { kind, emits, fails, once, max, onParked } = reaction;
  const silent =
    [...emits, ...fails].every((outcome) => outcome.length === 0) && onParked === undefined;
  return (
    kind === "step" && silent && once === undefined && max === undefined && effects.length === 0
  );
}

import type { ReactionEntry, ServiceEntry } from "../../src/manifest/manifest.ts";
import { KEYS, markOf } from "./plain-reaction.ts";
import type { PlainRules, Report } from "./plain-rules.ts";
import {
  effectMark,
  effectsOf,
  type Home,
  isBare,
  isKeyed,
  marksFor,
  onceMark,
  otherVersion,
  reactionOf,
} from "./rolling-parts.ts";
import type { State } from "./rolling-state.ts";

/** What the marks in the database let a delivery do, and what it does to the effects. */
export class RollingEffects {
  readonly #rules: PlainRules;
  readonly #report: Report;

  constructor(rules: PlainRules, report: Report) {
    this.#rules = rules;
    this.#report = report;
  }

  /** What the fence and the other marks say of the next delivery to a reaction. */
  letsPass(
    state: State,
    home: Home,
    entry: ServiceEntry,
    part: string,
    key: string | undefined,
  ): "nothing" | "late" | "bars" | "runs" {
    const reaction = reactionOf(entry, part);
    if (reaction === undefined) return "nothing";
    const mark = this.#markOf(state, home, entry, reaction, key);
    const undo = reaction.kind === "undo";
    if (entry.fence && (undo ? mark === "undone" || mark === "barred" : mark !== undefined))
      return "nothing";
    const taken =
      reaction.once !== undefined &&
      state.once[`${home.name} ${onceMark(entry, reaction.once)}`] === true;
    const spent = (state.runs[`${home.name} ${part}`] ?? 0) >= (reaction.max ?? Infinity);
    if (taken || spent)
      return reaction.late.every((outcome) => outcome.length === 0) ? "nothing" : "late";
    return undo && entry.fence && mark === undefined ? "bars" : "runs";
  }

  #markOf(
    state: State,
    home: Home,
    entry: ServiceEntry,
    reaction: ReactionEntry,
    key: string | undefined,
  ) {
    const all = marksFor(entry, reaction);
    const bare = key === undefined ? all : all.filter((mark) => isBare(entry, mark));
    const stored = (marks: readonly string[]) => marks.map((mark) => `${home.name} ${mark}`);
    return markOf(state.effects, reaction, { marks: stored(all), bare: stored(bare) }, key);
  }

  /** An effect of the other version that is done, and that this undo may be meant to reverse. */
  stranger(
    state: State,
    home: Home,
    entry: ServiceEntry,
    { undoes = "" }: ReactionEntry,
  ): string | undefined {
    const beside = otherVersion(home, entry);
    if (beside === undefined) return undefined;
    const theirs = effectsOf(beside).map((name) => effectMark(beside, name));
    const own = effectMark(entry, undoes);
    const same = (mark: string) =>
      effectsOf(entry).some((name) => effectMark(entry, name) === mark) &&
      isKeyed(entry, mark) === isKeyed(beside, mark);
    const ownKeyed = effectsOf(entry).some((name) => effectMark(entry, name) === own)
      ? isKeyed(entry, own)
      : false;
    if (theirs.includes(own) && isKeyed(beside, own) === ownKeyed) return undefined;
    return theirs.find((mark) => {
      if (same(mark)) return false;
      const stored = isKeyed(beside, mark) ? KEYS.map((key) => `${mark} ${key}`) : [mark];
      return stored.some((one) => state.effects[`${home.name} ${one}`] === "done");
    });
  }

  do(state: State, key: string, { fence }: ServiceEntry): void {
    const before = state.effects[key];
    state.effects[key] = "done";
    const { service, label, needsUndo } = this.#rules.factsOf(key);
    if (fence || before === undefined || !needsUndo) return;
    this.#report(before === "done" ? "DOUBLE_EFFECT" : "HANGING", service, label);
  }

  undo(state: State, keys: readonly string[], { fence }: ServiceEntry): void {
    const [own = ""] = keys;
    const { service, label } = this.#rules.factsOf(own);
    const done = keys.filter((key) => state.effects[key] === "done");
    const before = state.effects[own];
    if (done.length === 0 && before === "undone")
      this.#report("DOUBLE_COMPENSATION", service, label);
    else if (done.length === 0 && !fence) {
      this.#report("EMPTY_ROLLBACK", service, label);
      state.effects[own] = "barred";
    }
    if (done.length === 0) return;
    for (const key of done) state.effects[key] = "undone";
    state.effects[own] = "undone";
    this.#rules.undone(state, own);
  }
}

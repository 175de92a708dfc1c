import type { Manifest, ManifestOutcome } from "../../src/manifest/manifest.ts";
import { withoutKey } from "./plain-reaction.ts";
import type { PlainState } from "./plain-state.ts";

export type Report = (
  code: string,
  service: string | undefined,
  event: string | undefined,
  end?: string,
) => void;

/** What is known of one effect of a service. */
export interface PlainFacts {
  readonly service: string;
  readonly label: string;
  readonly undone: boolean;
  readonly needsUndo: boolean;
  readonly standsFor: (type: string) => boolean;
}

export interface PlainEffects {
  /** Of an effect as the state names it: service, effect and perhaps a key. */
  factsOf(key: string): PlainFacts;
  /** How a group of alternatives is called; undefined if none of them is an effect. */
  labelOf(group: readonly string[]): string | undefined;
}

/** The rules about effects, ends, pivots and locks, which both plain interpreters ask. */
export class PlainRules {
  readonly #manifest: Manifest;
  readonly #effects: PlainEffects;
  readonly #report: Report;
  readonly #known = new Map<string, PlainFacts>();

  constructor(manifest: Manifest, effects: PlainEffects, report: Report) {
    this.#manifest = manifest;
    this.#effects = effects;
    this.#report = report;
  }

  /** Asked for each effect of each state: found once. */
  factsOf(key: string): PlainFacts {
    const known = this.#known.get(key) ?? this.#effects.factsOf(key);
    this.#known.set(key, known);
    return known;
  }

  /** Notes what the events of an outcome do to locks, pivots and ends. */
  emitted(state: PlainState, service: string | undefined, outcome: ManifestOutcome): void {
    const { succeeds, fails, pivots, locks } = this.#manifest;
    // One outcome is one moment: none of its events is after another.
    const { pivoted } = state;
    for (const type of outcome) {
      for (const { name, acquire, release } of locks) {
        if (acquire === type) state.locks[name] = true;
        if (release.includes(type)) delete state.locks[name];
      }
      if (pivoted && (fails.includes(type) || this.#undoes(type)))
        this.#report("AFTER_PIVOT", service, type);
      if (pivots.includes(type)) state.pivoted = true;
      if ([...succeeds, ...fails].includes(type)) this.#ended(state, type);
    }
  }

  #undoes(type: string): boolean {
    return [...this.#manifest.services.values()].some(({ reactions }) =>
      reactions.some(({ kind, hears }) => kind === "undo" && hears.includes(type)),
    );
  }

  #ended(state: PlainState, type: string): void {
    const { succeeds, fails } = this.#manifest;
    if (fails.includes(type))
      for (const { service, label, needsUndo } of this.#done(state))
        if (needsUndo) this.#report("EARLY_END", service, label, type);
    if (state.ends[type]) this.#report("DOUBLE_END", undefined, type);
    state.ends[type] = true;
    if (this.#hasEnd(state, succeeds) && this.#hasEnd(state, fails))
      this.#report("MIXED_END", undefined, undefined);
  }

  #hasEnd(state: PlainState, ends: readonly string[]): boolean {
    return ends.some((type) => state.ends[type]);
  }

  #done(state: PlainState): readonly PlainFacts[] {
    return Object.entries(state.effects).flatMap(([key, mark]) =>
      mark === "done" ? [this.factsOf(key)] : [],
    );
  }

  /** Asks whether what has to be undone later is still done. */
  undone(state: PlainState, key: string): void {
    const { service, label, standsFor } = this.factsOf(key);
    for (const [first, second] of this.#manifest.undoOrder) {
      if (standsFor(first) && this.#done(state).some((other) => other.standsFor(second)))
        this.#report("UNDO_ORDER", service, label);
    }
  }

  /** Judges a state after which nothing certain follows. */
  judge(state: PlainState): void {
    const { succeeds, fails, oneOf, locks } = this.#manifest;
    const success = this.#hasEnd(state, succeeds);
    const failure = this.#hasEnd(state, fails);
    if (!success && !failure) {
      this.#report(state.parked ? "PARKED_STUCK" : "STUCK", undefined, undefined);
      return;
    }
    if (failure) this.#judgeFailure(state);
    if (success) {
      this.#judgeSuccess(state);
      for (const group of oneOf) this.#judgeGroup(state, group);
    }
    for (const lock of locks)
      if (state.locks[lock.name]) this.#report("LOCK_LEAK", undefined, lock.acquire);
  }

  #judgeFailure(state: PlainState): void {
    for (const { service, label, undone, needsUndo } of this.#done(state)) {
      if (!needsUndo) continue;
      const code = !undone ? "NO_UNDO" : state.parked ? "PARKED_STUCK" : "ORPHAN";
      this.#report(code, service, label);
    }
  }

  #judgeSuccess(state: PlainState): void {
    const alternatives = this.#manifest.oneOf.flat();
    for (const [key, mark] of Object.entries(state.effects)) {
      const { service, label, standsFor } = this.factsOf(key);
      if (mark === "undone" && !alternatives.some(standsFor))
        this.#report("UNDONE_ON_SUCCESS", service, label);
    }
  }

  #judgeGroup(state: PlainState, group: readonly string[]): void {
    const done = Object.entries(state.effects).filter(
      ([key, mark]) => mark === "done" && group.some(this.factsOf(key).standsFor),
    );
    // One effect, for any of its keys.
    const kept = new Set(done.map(([key]) => withoutKey(key)));
    const label = this.#effects.labelOf(group);
    if (kept.size !== 1 && label !== undefined) this.#report("ONE_OF", undefined, label);
  }
}

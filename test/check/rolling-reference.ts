import type {
  Manifest,
  ManifestOutcome,
  ReactionEntry,
  ServiceEntry,
} from "../../src/manifest/manifest.ts";
import { isSink, KEYS } from "./plain-reaction.ts";
import { PlainRules, type Report } from "./plain-rules.ts";
import { type Following, searchPlainly } from "./plain-search.ts";
import { plainText } from "./plain-state.ts";
import { stem } from "./reference-effects.ts";
import { isRetired, judgeStranded, OVER, pass, touch } from "./rolling-deadlines.ts";
import { RollingEffects } from "./rolling-effects.ts";
import { RollingFacts } from "./rolling-facts.ts";
import {
  deadlineOf,
  deadlineParts,
  effectMark,
  effectOf,
  type Home,
  hearersOf,
  homesOf,
  marksFor,
  onceMark,
  otherVersion,
  type Pair,
  reactionOf,
  reactionParts,
  running,
} from "./rolling-parts.ts";
import { beginningIn, copyOf, type Phase, type State } from "./rolling-state.ts";

/*
 * A deployment, played in the plainest way: messages lie in the queue of a service until a process
 * takes one, and then each of its parts has a row in the database, which any process that knows the
 * part may handle. Plain objects, every interleaving, nothing left out.
 */

export interface Found {
  readonly violations: readonly string[];
  readonly states: number;
}

export function rollingReference(
  manifest: Manifest,
  pair: Pair,
  rollback: boolean,
  statesMax: number,
): Found | undefined {
  const saga = new Saga(manifest, pair, rollback);
  const states = searchPlainly(saga, plainText, statesMax);
  return states === undefined ? undefined : { violations: [...saga.violations].sort(), states };
}

class Saga {
  readonly violations = new Set<string>();
  readonly #manifest: Manifest;
  readonly #pair: Pair;
  readonly #rollback: boolean;
  readonly #homes: readonly Home[];
  readonly #report: Report = (code, service, event, end = "") =>
    this.violations.add(`${code} ${service} ${stem(`${event}`)} ${end}`.trim());
  readonly #rules: PlainRules;
  readonly #effects: RollingEffects;

  constructor(manifest: Manifest, pair: Pair, rollback: boolean) {
    this.#manifest = manifest;
    this.#pair = pair;
    this.#rollback = rollback;
    this.#homes = homesOf(manifest, pair);
    this.#rules = new PlainRules(manifest, new RollingFacts(manifest, this.#homes), this.#report);
    this.#effects = new RollingEffects(this.#rules, this.#report);
  }

  beginnings(): readonly State[] {
    const phases = ["old", "both"] as const;
    return this.#manifest.begins.flatMap((type) => {
      const all = this.#homes.flatMap((home) => home.versions.map((entry) => ({ home, entry })));
      const owners = all.filter(({ entry }) => entry.begins.includes(type));
      return phases.flatMap((phase) => {
        if (owners.length === 0) return [this.#begun(phase, type)];
        return owners
          .filter(({ home, entry }) => running(this.#pair, home, phase).includes(entry))
          .map(({ home, entry }) => this.#begun(phase, type, home, entry));
      });
    });
  }

  #begun(phase: Phase, type: string, home?: Home, entry?: ServiceEntry): State {
    const state = beginningIn(phase);
    if (home !== undefined && entry !== undefined)
      state.effects[`${home.name} ${effectMark(entry, stem(type))}`] = "done";
    this.#emit(state, home, entry, [type]);
    return state;
  }

  next(state: State): Following<State> {
    const certain: State[] = [...this.#moves(state)];
    const possible: State[] = [];
    for (const home of this.#homes) {
      for (const entry of running(this.#pair, home, state.phase)) {
        certain.push(...this.#takes(state, home, entry));
        certain.push(...this.#handles(state, home, entry));
        certain.push(...this.#completes(state, home, entry));
        certain.push(...this.#expires(state, home, entry));
        possible.push(...this.#redelivers(state, home, entry));
      }
    }
    for (const type of this.#manifest.arrives.filter((type) => !state.came[type])) {
      const arrived = copyOf(state);
      arrived.came[type] = true;
      this.#emit(arrived, undefined, undefined, [type]);
      possible.push(arrived);
    }
    return { certain, possible };
  }

  #moves(state: State): readonly State[] {
    const to = (phase: Phase): State => ({ ...copyOf(state), phase });
    if (state.phase === "old") return [to("both")];
    if (state.phase !== "both") return [];
    return this.#rollback ? [to("new"), to("back")] : [to("new")];
  }

  #takes(state: State, home: Home, entry: ServiceEntry): readonly State[] {
    if (home.versions.length < 2) return [];
    const beside = otherVersion(home, entry);
    return Object.entries(state.queue).flatMap(([type, count]) => {
      const parts = hearersOf(entry, type);
      if (count === 0 || parts.length === 0) return [];
      const taken = copyOf(state);
      taken.queue[type] = count - 1;
      for (const part of parts) this.#count(taken.rows, JSON.stringify([home.name, part, type]));
      const rest = beside === undefined ? [] : hearersOf(beside, type);
      for (const part of rest)
        if (!parts.includes(part))
          taken.again[JSON.stringify([beside?.name, part, type, entry.name])] = true;
      return [taken];
    });
  }

  #handles(state: State, home: Home, entry: ServiceEntry): readonly State[] {
    return Object.entries(state.rows).flatMap(([key, count]) => {
      const [name, part, type] = JSON.parse(key);
      if (count === 0 || name !== home.name || !hearersOf(entry, type).includes(part)) return [];
      if (state.blocked[`${home.name} ${part}`]) return [];
      const taken = copyOf(state);
      taken.rows[key] = count - 1;
      if (!entry.inbox && !part.startsWith("watch ")) taken.repeats[key] = 1;
      return this.#deliver(taken, home, entry, part, type);
    });
  }

  #redelivers(state: State, home: Home, entry: ServiceEntry): readonly State[] {
    const repeated = Object.keys(state.repeats).flatMap((key) => {
      const [name, part, type] = JSON.parse(key);
      if (name !== home.name || !hearersOf(entry, type).includes(part)) return [];
      if (state.blocked[`${home.name} ${part}`]) return [];
      return this.#deliver(copyOf(state), home, entry, part, type);
    });
    const again = Object.keys(state.again).flatMap((key) => {
      const [version, part, type, other] = JSON.parse(key);
      if (version !== entry.name || state.blocked[`${home.name} ${part}`]) return [];
      const come = copyOf(state);
      delete come.again[key];
      const handler = home.versions.find(({ name }) => name === other);
      const lost = handler !== undefined && this.#isTwice(handler, entry, part, type);
      return this.#deliver(come, home, entry, part, type, lost);
    });
    return [...repeated, ...again];
  }

  /** Whether a reaction of the other version has handled the event, and is not known here. */
  #isTwice(handler: ServiceEntry, entry: ServiceEntry, part: string, type: string): boolean {
    const reaction = reactionOf(entry, part);
    if (reaction === undefined || reaction.kind === "undo") return false;
    if (reactionParts(handler).includes(part)) return false;
    return reactionParts(handler).some((other) => {
      const gone = reactionOf(handler, other);
      return (
        gone !== undefined &&
        gone.kind !== "undo" &&
        gone.hears.includes(type) &&
        !reactionParts(entry).includes(other)
      );
    });
  }

  #completes(state: State, home: Home, entry: ServiceEntry): readonly State[] {
    const beside = otherVersion(home, entry);
    return reactionParts(entry).flatMap((part) => {
      const own = reactionOf(entry, part);
      const other = beside && reactionOf(beside, part);
      if (own?.kind !== "join" || other?.kind !== "join") return [];
      const awaited = awaitedBy(own);
      if (awaitedBy(other).every((type) => awaited.includes(type)) || awaited.length === 0)
        return [];
      const key = `${home.name} ${part}`;
      if (state.blocked[key] || state.fired[key]) return [];
      if (!awaited.every((type) => state.gathered[`${key} ${type}`])) return [];
      if (this.#effects.letsPass(state, home, entry, part, undefined) === "nothing") return [];
      return this.#deliver(copyOf(state), home, entry, part, undefined);
    });
  }

  #expires(state: State, home: Home, entry: ServiceEntry): readonly State[] {
    const beside = otherVersion(home, entry);
    const fired = deadlineParts(entry).flatMap((part) => {
      const deadline = deadlineOf(entry, part);
      const key = `${home.name} ${part}`;
      if (deadline === undefined || state.deadlines[key] !== deadline.after) return [];
      const due = copyOf(state);
      due.deadlines[key] = OVER;
      if (state.passed[`${entry.name} ${part}`]) return [due];
      const fires = copyOf(due);
      this.#emit(fires, home, entry, [deadline.emits]);
      if (!entry.mayPark) return [fires];
      due.parked = true;
      this.#emit(due, home, entry, deadline.onParked === undefined ? [] : [deadline.onParked]);
      return [fires, due];
    });
    const dropped = (beside === undefined ? [] : deadlineParts(beside)).flatMap((part) => {
      const key = `${home.name} ${part}`;
      const armed = state.deadlines[key] !== undefined && state.deadlines[key] !== OVER;
      if (!armed || !isRetired(entry, part)) return [];
      const due = copyOf(state);
      due.deadlines[key] = OVER;
      return [due];
    });
    return [...fired, ...dropped];
  }

  judge(state: State): void {
    const { succeeds, fails } = this.#manifest;
    const endless = succeeds.length + fails.length === 0;
    judgeStranded(state, this.#homes, this.#pair, endless, this.#report);
    if (!endless) this.#rules.judge(state);
  }

  #deliver(
    state: State,
    home: Home,
    entry: ServiceEntry,
    part: string,
    type: string | undefined,
    twice = false,
  ): readonly State[] {
    if (type !== undefined) pass(state, home, entry, type);
    if (part.startsWith("watch ")) {
      touch(state, home, entry, part.slice("watch ".length), type ?? "");
      return [state];
    }
    const reaction = reactionOf(entry, part);
    if (reaction === undefined) throw new Error("no such reaction");
    if (reaction.keyed !== true)
      return this.#react(state, home, entry, part, type, twice, undefined);
    const outcomes = KEYS.flatMap((key) =>
      this.#react(copyOf(state), home, entry, part, type, twice, key),
    );
    // Of a payload that cannot be read the key is unknown: it may be given up on at any time.
    if (!entry.mayPark || changesNothing(entry, reaction)) return outcomes;
    return [...outcomes, this.#park(state, home, entry, part, reaction)];
  }

  #park(
    state: State,
    home: Home,
    entry: ServiceEntry,
    part: string,
    { onParked }: ReactionEntry,
  ): State {
    const given = copyOf(state);
    given.parked = true;
    if (onParked === undefined) given.blocked[`${home.name} ${part}`] = true;
    else this.#emit(given, home, entry, [onParked]);
    return given;
  }

  #react(
    state: State,
    home: Home,
    entry: ServiceEntry,
    part: string,
    type: string | undefined,
    twice: boolean,
    key: string | undefined,
  ): readonly State[] {
    const reaction = reactionOf(entry, part);
    if (reaction === undefined) throw new Error("no such reaction");
    const own = `${home.name} ${part}`;
    const join = reaction.kind === "join";
    if (join && (state.fired[own] || (type !== undefined && state.gathered[`${own} ${type}`])))
      return [state];
    const ruling = this.#effects.letsPass(state, home, entry, part, key);
    if (ruling === "nothing") return [state];
    const stranger =
      ruling === "bars" ? this.#effects.stranger(state, home, entry, reaction) : undefined;
    if (stranger !== undefined) {
      this.#report("EFFECT_GONE", home.name, stranger);
      return [this.#park(state, home, entry, part, reaction)];
    }
    const gives = entry.mayPark && !changesNothing(entry, reaction);
    const outcomes: State[] = gives ? [this.#park(state, home, entry, part, reaction)] : [];
    if (join) {
      if (type !== undefined) state.gathered[`${own} ${type}`] = true;
      if (!awaitedBy(reaction).every((one) => state.gathered[`${own} ${one}`]))
        return [...outcomes, state];
      state.fired[own] = true;
      for (const gathered of Object.keys(state.gathered))
        if (gathered.startsWith(`${own} `)) delete state.gathered[gathered];
    }
    const emitted = (from: State, outcome: ManifestOutcome) => {
      const after = copyOf(from);
      this.#emit(after, home, entry, outcome);
      return after;
    };
    if (ruling === "late")
      return [...outcomes, ...reaction.late.map((outcome) => emitted(state, outcome))];
    if (twice && ruling === "runs") this.#report("DEDUP_LOST", home.name, type);
    if (reaction.once !== undefined)
      state.once[`${home.name} ${onceMark(entry, reaction.once)}`] = true;
    const keyed = key === undefined ? "" : ` ${key}`;
    const [mark = ""] = marksFor(entry, reaction);
    if (ruling === "bars") {
      state.effects[`${home.name} ${mark}${keyed}`] = "barred";
      const first = reaction.emits[0]?.slice(0, 1) ?? [];
      return [...outcomes, emitted(state, reaction.onEmpty === "ack" ? first : [])];
    }
    if (reaction.max !== undefined) state.runs[own] = (state.runs[own] ?? 0) + 1;
    for (const outcome of reaction.fails) outcomes.push(emitted(state, outcome));
    for (const outcome of reaction.emits) {
      const after = copyOf(state);
      const effect = effectOf(entry, reaction, outcome);
      if (reaction.kind === "undo") {
        const all = reaction.keyed === "all" ? ["", ...KEYS.map((one) => ` ${one}`)] : [keyed];
        this.#effects.undo(
          after,
          all.map((one) => `${home.name} ${mark}${one}`),
          entry,
        );
      } else if (effect !== undefined)
        this.#effects.do(after, `${home.name} ${effectMark(entry, effect)}${keyed}`, entry);
      outcomes.push(emitted(after, outcome));
    }
    return outcomes;
  }

  #emit(
    state: State,
    emitting: Home | undefined,
    version: ServiceEntry | undefined,
    outcome: ManifestOutcome,
  ): void {
    for (const type of outcome) {
      for (const home of this.#homes) this.#send(state, home, type);
      if (emitting !== undefined && version !== undefined) {
        pass(state, emitting, version, type);
        for (const part of deadlineParts(version)) touch(state, emitting, version, part, type);
      }
    }
    this.#rules.emitted(state, emitting?.name, outcome);
  }

  /** A message is kept for a service while a process of it runs that hears the event. */
  #send(state: State, home: Home, type: string): void {
    const heard = running(this.#pair, home, state.phase).some(
      (one) => hearersOf(one, type).length > 0,
    );
    if (!heard) return;
    if (home.versions.length > 1) this.#count(state.queue, type);
    else
      for (const part of home.versions.flatMap((one) => hearersOf(one, type)))
        this.#count(state.rows, JSON.stringify([home.name, part, type]));
  }

  #count(counts: Record<string, number>, key: string): void {
    counts[key] = Math.min((counts[key] ?? 0) + 1, this.#pendingMax());
  }

  /** Where messages come again any number of times, two of a kind stand for more. */
  #pendingMax(): number {
    return this.#homes.some(({ versions }) => versions.some(({ inbox }) => !inbox)) ? 2 : 250;
  }
}

function awaitedBy({ hears, optional }: ReactionEntry): readonly string[] {
  return hears.filter((type) => !optional.includes(type));
}

function changesNothing(entry: ServiceEntry, reaction: ReactionEntry): boolean {
  return isSink(
    reaction,
    reaction.emits.flatMap((outcome) => effectOf(entry, reaction, outcome) ?? []),
  );
}

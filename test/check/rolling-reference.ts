import type {
  Manifest,
  ManifestOutcome,
  ReactionEntry,
  ServiceEntry,
} from "../../src/manifest/manifest.ts";
import { stem } from "./reference-effects.ts";
import {
  deadlineOf,
  deadlineParts,
  effectMark,
  effectOf,
  effectsOf,
  factsOf,
  type Home,
  hearersOf,
  homesOf,
  isBare,
  isKeyed,
  type MarkFacts,
  onceMark,
  type Pair,
  reactionOf,
  reactionParts,
} from "./rolling-parts.ts";

/*
 * A deployment, played in the plainest way: messages lie in the queue of a service until a process
 * takes one, and then each of its parts has a row in the database, which any process that knows the
 * part may handle. Plain objects, every interleaving, nothing left out.
 */

type Phase = "old" | "both" | "new" | "back";

interface State {
  phase: Phase;
  /** Messages in the queue of the deployed service, by type. */
  queue: Record<string, number>;
  /** Deliveries under way: `["payment", "order.placed/0", "order.placed.v1"]`. */
  rows: Record<string, number>;
  /** Deliveries that may come once more, and to which version: what has the rest of the message. */
  again: Record<string, true>;
  repeats: Record<string, number>;
  effects: Record<string, "done" | "undone" | "barred">;
  once: Record<string, true>;
  runs: Record<string, number>;
  gathered: Record<string, true>;
  fired: Record<string, true>;
  blocked: Record<string, true>;
  /** Idle ones are missing. An armed one has the event that armed it. */
  deadlines: Record<string, string>;
  passed: Record<string, true>;
  came: Record<string, true>;
  ends: Record<string, true>;
  locks: Record<string, true>;
  pivoted: boolean;
  parked: boolean;
}

const OVER = "over";
/** Two keys stand for any number. */
const KEYS = ["k1", "k2"];

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
  const seen = new Set<string>();
  const queue: State[] = [];
  const visit = (state: State) => {
    const key = textOf(state);
    if (seen.has(key)) return;
    seen.add(key);
    queue.push(state);
  };
  for (const state of saga.beginnings()) visit(state);
  for (let at = 0; at < queue.length; at++) {
    if (seen.size > statesMax) return undefined;
    const state = queue[at];
    if (state === undefined) break;
    const { certain, possible } = saga.next(state);
    if (certain.length === 0) saga.judge(state);
    for (const next of [...certain, ...possible]) visit(next);
  }
  return { violations: [...saga.violations].sort(), states: seen.size };
}

function copyOf(state: State): State {
  return {
    ...state,
    queue: { ...state.queue },
    rows: { ...state.rows },
    again: { ...state.again },
    repeats: { ...state.repeats },
    effects: { ...state.effects },
    once: { ...state.once },
    runs: { ...state.runs },
    gathered: { ...state.gathered },
    fired: { ...state.fired },
    blocked: { ...state.blocked },
    deadlines: { ...state.deadlines },
    passed: { ...state.passed },
    came: { ...state.came },
    ends: { ...state.ends },
    locks: { ...state.locks },
  };
}

/** Says the same of states that differ in the order in which things happened. */
function textOf(state: State): string {
  return Object.values(state)
    .map((value) => {
      if (typeof value !== "object") return `${value}`;
      const entries = Object.entries(value).filter(([, item]) => item !== 0);
      return entries
        .map(([key, item]) => `${key}=${item}`)
        .sort()
        .join(";");
    })
    .join("\n");
}

class Saga {
  readonly violations = new Set<string>();
  readonly #manifest: Manifest;
  readonly #pair: Pair;
  readonly #rollback: boolean;
  readonly #homes: readonly Home[];

  constructor(manifest: Manifest, pair: Pair, rollback: boolean) {
    this.#manifest = manifest;
    this.#pair = pair;
    this.#rollback = rollback;
    this.#homes = homesOf(manifest, pair);
  }

  beginnings(): readonly State[] {
    const phases = ["old", "both"] as const;
    return this.#manifest.begins.flatMap((type) => {
      const all = this.#homes.flatMap((home) => home.versions.map((entry) => ({ home, entry })));
      const owners = all.filter(({ entry }) => entry.begins.includes(type));
      return phases.flatMap((phase) => {
        if (owners.length === 0) return [this.#begun(phase, type)];
        return owners
          .filter(({ home, entry }) => this.#running(home, phase).includes(entry))
          .map(({ home, entry }) => this.#begun(phase, type, home, entry));
      });
    });
  }

  #begun(phase: Phase, type: string, home?: Home, entry?: ServiceEntry): State {
    const state: State = {
      phase,
      queue: {},
      rows: {},
      again: {},
      repeats: {},
      effects: {},
      once: {},
      runs: {},
      gathered: {},
      fired: {},
      blocked: {},
      deadlines: {},
      passed: {},
      came: {},
      ends: {},
      locks: {},
      pivoted: false,
      parked: false,
    };
    if (home !== undefined && entry !== undefined)
      state.effects[`${home.name} ${effectMark(entry, stem(type))}`] = "done";
    this.#emit(state, home, entry, [type]);
    return state;
  }

  #running(home: Home, phase: Phase): readonly ServiceEntry[] {
    if (home.name !== this.#pair.service) return home.versions;
    const old = phase === "old" || phase === "both" || phase === "back";
    const now = phase === "both" || phase === "new";
    return home.versions.filter(({ name }) => (name === this.#pair.old ? old : now));
  }

  #beside(home: Home, entry: ServiceEntry): ServiceEntry | undefined {
    return home.versions.find((other) => other !== entry);
  }

  next(state: State): { readonly certain: readonly State[]; readonly possible: readonly State[] } {
    const certain: State[] = [...this.#moves(state)];
    const possible: State[] = [];
    for (const home of this.#homes) {
      for (const entry of this.#running(home, state.phase)) {
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
    const beside = this.#beside(home, entry);
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
    const beside = this.#beside(home, entry);
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
      if (this.#letsPass(state, home, entry, part, undefined) === "nothing") return [];
      return this.#deliver(copyOf(state), home, entry, part, undefined);
    });
  }

  #expires(state: State, home: Home, entry: ServiceEntry): readonly State[] {
    const beside = this.#beside(home, entry);
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
    const { succeeds, fails, oneOf, locks } = this.#manifest;
    const success = succeeds.some((type) => state.ends[type]);
    const failure = fails.some((type) => state.ends[type]);
    this.#judgeStranded(state);
    if (!success && !failure) {
      if (succeeds.length + fails.length > 0)
        this.#report(state.parked ? "PARKED_STUCK" : "STUCK", undefined, undefined);
      return;
    }
    for (const [key, mark] of Object.entries(state.effects)) {
      const { home, facts } = this.#facts(key);
      const grouped = oneOf.flat().some((type) => facts.events.includes(type));
      if (failure && mark === "done" && facts.needsUndo) {
        const code = !facts.undone ? "NO_UNDO" : state.parked ? "PARKED_STUCK" : "ORPHAN";
        this.#report(code, home.name, facts.label);
      }
      if (success && mark === "undone" && !grouped)
        this.#report("UNDONE_ON_SUCCESS", home.name, facts.label);
    }
    for (const group of success ? oneOf : []) {
      const done = Object.entries(state.effects).filter(
        ([key, mark]) =>
          mark === "done" && group.some((type) => this.#facts(key).facts.events.includes(type)),
      );
      // One effect, for any of its keys.
      const kept = [...new Set(done.map(([key]) => key.replace(/ k\d$/, "")))];
      const first = group.flatMap((type) => this.#labelsOf(type))[0];
      if (kept.length !== 1 && first !== undefined) this.#report("ONE_OF", undefined, first);
    }
    for (const lock of locks)
      if (state.locks[lock.name]) this.#report("LOCK_LEAK", undefined, lock.acquire);
  }

  /** Deadlines that no process fires any more; without declared ends also joins. */
  #judgeStranded(state: State): void {
    const home = this.#homes.find(({ name }) => name === this.#pair.service);
    const [entry] = home === undefined ? [] : this.#running(home, state.phase);
    const gone = home && entry && this.#beside(home, entry);
    if (home === undefined || entry === undefined || gone === undefined) return;
    for (const part of deadlineParts(gone)) {
      const armed = state.deadlines[`${home.name} ${part}`];
      const deadline = deadlineOf(gone, part);
      if (armed === undefined || armed !== deadline?.after) continue;
      if (deadlineOf(entry, part)?.after === armed || isRetired(entry, part)) continue;
      this.#report("DEADLINE_GONE", home.name, deadline.emits);
    }
    if (this.#manifest.succeeds.length + this.#manifest.fails.length > 0) return;
    for (const part of reactionParts(gone)) {
      const join = reactionOf(gone, part);
      if (join?.kind !== "join" || reactionParts(entry).includes(part)) continue;
      if (join.hears.some((type) => state.gathered[`${home.name} ${part} ${type}`]))
        this.#report("REACTION_GONE", home.name, join.hears[0]);
    }
  }

  /** What the fence and the other marks say of the next delivery to a reaction. */
  #letsPass(
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

  /** What the fence knows of the effects of a delivery: of one key, of none, or of all keys. */
  #markOf(
    state: State,
    home: Home,
    entry: ServiceEntry,
    reaction: ReactionEntry,
    key: string | undefined,
  ) {
    const marks = this.#marksFor(entry, reaction);
    const stored = (mark: string, one?: string) =>
      state.effects[`${home.name} ${mark}${one === undefined ? "" : ` ${one}`}`];
    const known = marks.filter((mark) => key === undefined || isBare(entry, mark));
    const bare = known.flatMap((mark) => stored(mark) ?? []);
    const turnedBack = bare.find((mark) => mark !== "done");
    if (reaction.keyed === "all") {
      const all = KEYS.flatMap((one) => stored(marks[0] ?? "", one) ?? []);
      return turnedBack ?? [...bare, ...all].find((mark) => mark === "done");
    }
    if (key === undefined) return turnedBack ?? bare[0];
    const own = marks.flatMap((mark) => stored(mark, key) ?? []);
    return turnedBack ?? own.find((mark) => mark !== "done") ?? own[0];
  }

  #marksFor(entry: ServiceEntry, reaction: ReactionEntry): readonly string[] {
    const names =
      reaction.undoes === undefined
        ? reaction.emits.flatMap((outcome) => effectOf(entry, reaction, outcome) ?? [])
        : [reaction.undoes];
    return names.map((name) => effectMark(entry, name));
  }

  #deliver(
    state: State,
    home: Home,
    entry: ServiceEntry,
    part: string,
    type: string | undefined,
    twice = false,
  ): readonly State[] {
    if (type !== undefined) this.#pass(state, home, entry, type);
    if (part.startsWith("watch ")) {
      this.#touch(state, home, entry, part.slice("watch ".length), type ?? "");
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
    if (!entry.mayPark || isSink(entry, reaction)) return outcomes;
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
    const ruling = this.#letsPass(state, home, entry, part, key);
    if (ruling === "nothing") return [state];
    const stranger = ruling === "bars" ? this.#stranger(state, home, entry, reaction) : undefined;
    if (stranger !== undefined) {
      this.#report("EFFECT_GONE", home.name, stranger);
      return [this.#park(state, home, entry, part, reaction)];
    }
    const gives = entry.mayPark && !isSink(entry, reaction);
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
    const [mark = ""] = this.#marksFor(entry, reaction);
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
        this.#undo(
          after,
          all.map((one) => `${home.name} ${mark}${one}`),
          entry,
        );
      } else if (effect !== undefined)
        this.#do(after, `${home.name} ${effectMark(entry, effect)}${keyed}`, entry);
      outcomes.push(emitted(after, outcome));
    }
    return outcomes;
  }

  /** An effect of the other version that is done, and that this undo may be meant to reverse. */
  #stranger(
    state: State,
    home: Home,
    entry: ServiceEntry,
    { undoes = "" }: ReactionEntry,
  ): string | undefined {
    const beside = this.#beside(home, entry);
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

  #do(state: State, key: string, { fence }: ServiceEntry): void {
    const before = state.effects[key];
    state.effects[key] = "done";
    const { home, facts } = this.#facts(key);
    if (fence || before === undefined || !facts.needsUndo) return;
    this.#report(before === "done" ? "DOUBLE_EFFECT" : "HANGING", home.name, facts.label);
  }

  #undo(state: State, keys: readonly string[], { fence }: ServiceEntry): void {
    const [own = ""] = keys;
    const { home, facts } = this.#facts(own);
    const done = keys.filter((key) => state.effects[key] === "done");
    const before = state.effects[own];
    if (done.length === 0 && before === "undone")
      this.#report("DOUBLE_COMPENSATION", home.name, facts.label);
    else if (done.length === 0 && !fence) {
      this.#report("EMPTY_ROLLBACK", home.name, facts.label);
      state.effects[own] = "barred";
    }
    if (done.length === 0) return;
    for (const key of done) state.effects[key] = "undone";
    state.effects[own] = "undone";
    for (const [first, second] of this.#manifest.undoOrder) {
      const open = Object.entries(state.effects).some(
        ([other, mark]) => mark === "done" && this.#facts(other).facts.events.includes(second),
      );
      if (facts.events.includes(first) && open) this.#report("UNDO_ORDER", home.name, facts.label);
    }
  }

  #emit(
    state: State,
    emitting: Home | undefined,
    version: ServiceEntry | undefined,
    outcome: ManifestOutcome,
  ): void {
    const { succeeds, fails, pivots, locks } = this.#manifest;
    // One outcome is one moment: none of its events is after another.
    const { pivoted } = state;
    for (const type of outcome) {
      for (const home of this.#homes) this.#send(state, home, type);
      if (emitting !== undefined && version !== undefined) {
        this.#pass(state, emitting, version, type);
        for (const part of deadlineParts(version))
          this.#touch(state, emitting, version, part, type);
      }
      for (const { name, acquire, release } of locks) {
        if (acquire === type) state.locks[name] = true;
        if (release.includes(type)) delete state.locks[name];
      }
      const undoes = this.#homes.some(({ versions }) =>
        versions.some(({ reactions }) =>
          reactions.some(({ kind, hears }) => kind === "undo" && hears.includes(type)),
        ),
      );
      if (pivoted && (fails.includes(type) || undoes))
        this.#report("AFTER_PIVOT", emitting?.name, type);
      if (pivots.includes(type)) state.pivoted = true;
      if (![...succeeds, ...fails].includes(type)) continue;
      if (fails.includes(type)) this.#checkAllUndone(state, type);
      if (state.ends[type]) this.#report("DOUBLE_END", undefined, type);
      state.ends[type] = true;
      const ended = Object.keys(state.ends);
      if (ended.some((end) => succeeds.includes(end)) && ended.some((end) => fails.includes(end)))
        this.#report("MIXED_END", undefined, undefined);
    }
  }

  #checkAllUndone(state: State, end: string): void {
    for (const [key, mark] of Object.entries(state.effects)) {
      const { home, facts } = this.#facts(key);
      if (mark === "done" && facts.needsUndo)
        this.#report("EARLY_END", home.name, facts.label, end);
    }
  }

  /** A message is kept for a service while a process of it runs that hears the event. */
  #send(state: State, home: Home, type: string): void {
    const heard = this.#running(home, state.phase).some((one) => hearersOf(one, type).length > 0);
    if (!heard) return;
    if (home.versions.length > 1) this.#count(state.queue, type);
    else
      for (const part of home.versions.flatMap((one) => hearersOf(one, type)))
        this.#count(state.rows, JSON.stringify([home.name, part, type]));
  }

  #count(counts: Record<string, number>, key: string): void {
    counts[key] = Math.min((counts[key] ?? 0) + 1, this.#pendingMax());
  }

  /** Notes for the deadlines of the other version that an event has passed which calls them off. */
  #pass(state: State, home: Home, entry: ServiceEntry, type: string): void {
    const beside = this.#beside(home, entry);
    if (beside === undefined) return;
    for (const part of deadlineParts(beside)) {
      const deadline = deadlineOf(beside, part);
      if (deadline === undefined || deadline.after === type) continue;
      if (!deadline.unless.includes(type)) continue;
      if (deadlineOf(entry, part)?.unless.includes(type)) continue;
      state.passed[`${beside.name} ${part}`] = true;
    }
  }

  #touch(state: State, home: Home, entry: ServiceEntry, part: string, type: string): void {
    const deadline = deadlineOf(entry, part);
    const key = `${home.name} ${part}`;
    if (deadline?.after === type) state.deadlines[key] ??= type;
    else if (deadline?.unless.includes(type)) state.deadlines[key] = OVER;
  }

  readonly #known = new Map<string, { readonly home: Home; readonly facts: MarkFacts }>();

  #facts(key: string) {
    const known = this.#known.get(key) ?? this.#find(key);
    this.#known.set(key, known);
    return known;
  }

  #find(key: string) {
    const space = key.indexOf(" ");
    const home = this.#homes.find(({ name }) => name === key.slice(0, space));
    if (home === undefined) throw new Error(`no service of ${key}`);
    const { succeeds, fails } = this.#manifest;
    const mark = key.slice(space + 1).replace(/ k\d$/, "");
    return { home, facts: factsOf(home, mark, [...succeeds, ...fails]) };
  }

  /** The effects for which an event stands, in the order of the services. */
  #labelsOf(type: string): readonly string[] {
    return this.#homes.flatMap((home) =>
      home.versions.flatMap((entry) => {
        const undone = entry.reactions.flatMap(({ undoes }) => undoes ?? []);
        return [...effectsOf(entry), ...undone].flatMap((name) => {
          const { facts } = this.#facts(`${home.name} ${effectMark(entry, name)}`);
          return facts.events.includes(type) ? [facts.label] : [];
        });
      }),
    );
  }

  /** Where messages come again any number of times, two of a kind stand for more. */
  #pendingMax(): number {
    return this.#homes.some(({ versions }) => versions.some(({ inbox }) => !inbox)) ? 2 : 250;
  }

  #report(code: string, service: string | undefined, event: string | undefined, end = ""): void {
    this.violations.add(`${code} ${service} ${stem(`${event}`)} ${end}`.trim());
  }
}

function awaitedBy({ hears, optional }: ReactionEntry): readonly string[] {
  return hears.filter((type) => !optional.includes(type));
}

function isRetired({ retired }: ServiceEntry, part: string): boolean {
  return retired.has(part.replace(/\/\d+$/, ""));
}

function isSink(entry: ServiceEntry, reaction: ReactionEntry): boolean {
  const { kind, emits, fails, once, max, onParked } = reaction;
  const silent =
    [...emits, ...fails].every((outcome) => outcome.length === 0) && onParked === undefined;
  const effects = emits.some((outcome) => effectOf(entry, reaction, outcome) !== undefined);
  return kind === "step" && silent && once === undefined && max === undefined && !effects;
}

import type { CounterexampleStep } from "../../src/check/finding.ts";
import type {
  Manifest,
  ManifestOutcome,
  ReactionEntry,
  ServiceEntry,
} from "../../src/manifest/manifest.ts";
import type { Disposition } from "../../src/ports/journal.ts";
import { ReferenceEffects, stem } from "./reference-effects.ts";

/*
 * The semantics once more, written from the tables and not from the checker: plain objects, every
 * interleaving, no reduction, nothing normalised away. Slow, and easy to hold against the page.
 * What it finds is what the checker must find.
 */

export interface Found {
  /** `CODE service fact`, sorted. */
  readonly violations: readonly string[];
  readonly states: number;
  readonly succeeded: boolean;
  /** Reactions that did something: `service place`. */
  readonly ran: ReadonlySet<string>;
}

export interface ReferenceState {
  /** Message and hearer to how many are under way: `["payment", 0, "order.placed.v1"]`. */
  pending: Record<string, number>;
  /** What was delivered, and may come again, where no inbox recognises it. */
  again: Record<string, number>;
  effects: Record<string, string>;
  once: Record<string, true>;
  runs: Record<string, number>;
  gathered: Record<string, true>;
  fired: Record<string, true>;
  blocked: Record<string, true>;
  deadlines: Record<string, "armed" | "over">;
  came: Record<string, true>;
  ends: Record<string, number>;
  locks: Record<string, true>;
  pivoted: boolean;
  parked: boolean;
  /** What the last step heard and emitted. No part of the state. */
  last: Said;
}

interface Said {
  readonly service: string | null;
  readonly hears: string | null;
  readonly emits: string[];
  /** The place of the reaction in its service; of a deadline, `d` and its place. */
  readonly place: number | string | null;
  /** What the journal of the runtime calls it. */
  did: Disposition;
  effect: string | undefined;
}

type Report = (
  code: string,
  service: string | undefined,
  event: string | undefined,
  end?: string,
) => void;

/** Two keys stand for any number; a mark without a key has none. */
const KEYS = ["k1", "k2"] as const;

export function reference(manifest: Manifest, statesMax = 50_000): Found | undefined {
  const violations = new Set<string>();
  const ran = new Set<string>();
  let succeeded = false;
  const report: Report = (code, service, event, end) =>
    violations.add(
      [code, `${service}`, `${event}`, ...(end === undefined ? [] : [end])].map(stem).join(" "),
    );
  const saga = new Saga(manifest, report, ran);
  const seen = new Set<string>();
  const queue: ReferenceState[] = [];
  const visit = (state: ReferenceState) => {
    const key = textOf(state);
    if (seen.has(key)) return;
    seen.add(key);
    queue.push(state);
  };
  for (const state of saga.beginnings()) visit(state);
  for (let state = queue.shift(); state !== undefined; state = queue.shift()) {
    if (seen.size > statesMax) return undefined;
    if (manifest.succeeds.some((type) => state?.ends[type] !== undefined)) succeeded = true;
    const { certain, possible } = saga.next(state);
    if (certain.length === 0) saga.judge(state);
    for (const next of [...certain, ...possible]) visit(next);
  }
  return { violations: [...violations].sort(), states: seen.size, succeeded, ran };
}

export function textOf({ last: _, ...state }: ReferenceState): string {
  return Object.values(state).map(partText).join("\n");
}

function partText(part: unknown): string {
  if (typeof part !== "object" || part === null) return String(part);
  const items = Object.entries(part).filter(([, item]) => item !== 0);
  return items
    .map(([key, item]) => `${key}=${item}`)
    .sort()
    .join(" ");
}

function said(
  state: ReferenceState,
  service: string | null,
  hears: string | null,
  place: number | string | null = null,
): ReferenceState {
  const last: Said = { service, hears, place, emits: [], did: "suppressed", effect: undefined };
  return { ...copyOf(state), last };
}

/** The state is two levels deep. */
function copyOf(state: ReferenceState): ReferenceState {
  return {
    ...state,
    pending: { ...state.pending },
    again: { ...state.again },
    effects: { ...state.effects },
    once: { ...state.once },
    runs: { ...state.runs },
    gathered: { ...state.gathered },
    fired: { ...state.fired },
    blocked: { ...state.blocked },
    deadlines: { ...state.deadlines },
    came: { ...state.came },
    ends: { ...state.ends },
    locks: { ...state.locks },
    last: { ...state.last, emits: [...state.last.emits] },
  };
}

function did(state: ReferenceState, what: Disposition, effect?: string): ReferenceState {
  state.last.did = what;
  state.last.effect = effect;
  return state;
}

/** Without an inbox, more may come for ever after a rule is broken. */
const LEFT_MAX = 100;

/**
 * Plays the steps of a counterexample. Returns what the last one breaks, together with what any
 * other step in its place breaks; undefined where one of the steps is not possible.
 */
export function replay(
  manifest: Manifest,
  trace: readonly CounterexampleStep[],
): ReadonlySet<string> | undefined {
  const violations = new Set<string>();
  const report: Report = (code, service, event, end) =>
    violations.add(
      [code, `${service}`, `${event}`, ...(end === undefined ? [] : [end])].map(stem).join(" "),
    );
  const saga = new Saga(manifest, report, new Set());
  const [first, ...steps] = trace;
  let states = saga.beginnings().filter(({ last }) => isStep(last, first));
  for (const step of steps) {
    violations.clear();
    const next = states.flatMap((state) => {
      const { certain, possible } = saga.next(state);
      return [...certain, ...possible].filter(({ last }) => isStep(last, step));
    });
    states = [...new Map(next.map((state) => [textOf(state), state])).values()];
  }
  for (const state of states) {
    // What is left changes nothing, in whichever order it comes.
    let ended: ReferenceState | undefined = state;
    for (let steps = 0; ended !== undefined && steps < LEFT_MAX; steps++) {
      const [next]: readonly ReferenceState[] = saga.next(ended).certain;
      if (next === undefined) saga.judge(ended);
      ended = next;
    }
  }
  return states.length === 0 ? undefined : violations;
}

function isStep({ service, hears, emits }: Said, step: CounterexampleStep | undefined): boolean {
  return (
    service === step?.service &&
    hears === step.hears &&
    emits.join(" ") === (step.emits ?? []).join(" ")
  );
}

export class Saga {
  readonly #manifest: Manifest;
  readonly #report: Report;
  readonly #ran: Set<string>;
  readonly #effects: ReferenceEffects;
  readonly #services: readonly ServiceEntry[];

  constructor(manifest: Manifest, report: Report, ran: Set<string>) {
    this.#manifest = manifest;
    this.#report = report;
    this.#ran = ran;
    this.#effects = new ReferenceEffects(manifest);
    this.#services = [...manifest.services.values()];
  }

  beginnings(): readonly ReferenceState[] {
    return this.#manifest.begins.flatMap((type) => {
      const owners = this.#services.filter(({ begins }) => begins.includes(type));
      return (owners.length === 0 ? [undefined] : owners).map((owner) => {
        const state: ReferenceState = {
          pending: {},
          again: {},
          effects: {},
          once: {},
          runs: {},
          gathered: {},
          fired: {},
          blocked: {},
          deadlines: {},
          came: {},
          ends: {},
          locks: {},
          pivoted: false,
          parked: false,
          last: {
            service: owner?.name ?? null,
            hears: null,
            place: null,
            emits: [],
            did: "begun",
            effect: stem(type),
          },
        };
        if (owner !== undefined) state.effects[`${owner.name} ${stem(type)}`] = "done";
        this.#emit(state, owner, [type]);
        return state;
      });
    });
  }

  next(state: ReferenceState): {
    readonly certain: readonly ReferenceState[];
    readonly possible: readonly ReferenceState[];
  } {
    const certain: ReferenceState[] = [];
    const possible: ReferenceState[] = [];
    for (const [key, count] of Object.entries(state.pending)) {
      if (count === 0) continue;
      const [serviceName, place, type] = JSON.parse(key);
      const service = this.#service(serviceName);
      // What waits behind a parked delivery is not under way.
      if (state.blocked[`${serviceName} ${place}`]) continue;
      const taken = said(state, serviceName, type, place);
      taken.pending[key] = count - 1;
      if (!service.inbox && typeof place === "number") taken.again[key] = 1;
      certain.push(...this.#deliver(taken, service, place, type));
    }
    for (const key of Object.keys(state.again).filter((key) => state.again[key] === 1)) {
      const [serviceName, place, type] = JSON.parse(key);
      if (state.blocked[`${serviceName} ${place}`]) continue;
      possible.push(
        ...this.#deliver(
          said(state, serviceName, type, place),
          this.#service(serviceName),
          place,
          type,
        ),
      );
    }
    for (const service of this.#services) {
      service.deadlines.forEach((deadline, place) => {
        const key = `${service.name} ${place}`;
        if (state.deadlines[key] !== "armed") return;
        const passed = did(said(state, service.name, null, `d${place}`), "expired");
        passed.deadlines[key] = "over";
        this.#emit(passed, service, [deadline.emits]);
        certain.push(passed);
        if (!service.mayPark) return;
        const parked = did(said(state, service.name, null, `d${place}`), "parked");
        parked.deadlines[key] = "over";
        parked.parked = true;
        this.#emit(parked, service, deadline.onParked === undefined ? [] : [deadline.onParked]);
        certain.push(parked);
      });
    }
    for (const type of this.#manifest.arrives.filter((type) => !state.came[type])) {
      const arrived = said(state, null, null);
      arrived.came[type] = true;
      this.#emit(arrived, undefined, [type]);
      possible.push(arrived);
    }
    return { certain, possible };
  }

  judge(state: ReferenceState): void {
    const { succeeds, fails, oneOf, locks } = this.#manifest;
    const success = succeeds.some((type) => state.ends[type] !== undefined);
    const failure = fails.some((type) => state.ends[type] !== undefined);
    if (!success && !failure) {
      this.#report(state.parked ? "PARKED_STUCK" : "STUCK", undefined, undefined);
      return;
    }
    for (const [key, mark] of Object.entries(state.effects)) {
      const [service = "", effect = ""] = key.split(" ");
      const undone = this.#service(service).reactions.some(({ undoes }) => undoes === effect);
      if (failure && mark === "done" && this.#effects.needUndo(this.#service(service), effect))
        this.#report(
          !undone ? "NO_UNDO" : state.parked ? "PARKED_STUCK" : "ORPHAN",
          service,
          effect,
        );
      if (success && mark === "undone" && !oneOf.flat().map(stem).includes(effect))
        this.#report("UNDONE_ON_SUCCESS", service, effect);
    }
    for (const group of success ? oneOf : []) {
      const done = Object.entries(state.effects).filter(
        ([key, mark]) => mark === "done" && group.map(stem).includes(key.split(" ")[1] ?? ""),
      );
      // One effect, for any number of keys.
      const kept = [...new Set(done.map(([key]) => key.split(" ").slice(0, 2).join(" ")))];
      const known = group.find((type) =>
        this.#services.some((service) => this.#effects.all(service).includes(stem(type))),
      );
      if (kept.length !== 1 && known !== undefined) this.#report("ONE_OF", undefined, known);
    }
    for (const lock of locks)
      if (state.locks[lock.name]) this.#report("LOCK_LEAK", undefined, lock.acquire);
  }

  #service(name: string): ServiceEntry {
    const service = this.#manifest.services.get(name);
    if (service === undefined) throw new Error(`no service ${name}`);
    return service;
  }

  #deliver(
    state: ReferenceState,
    service: ServiceEntry,
    place: number | string,
    type: string,
  ): readonly ReferenceState[] {
    if (typeof place === "string") {
      const change = this.#touch(state, service, Number(place.slice(1)), type);
      return [did(state, change ?? "suppressed")];
    }
    const reaction = service.reactions[place];
    if (reaction === undefined) throw new Error("no such reaction");
    if (reaction.keyed !== true)
      return this.#react(state, service, reaction, place, type, undefined);
    const outcomes = KEYS.flatMap((key) =>
      this.#react(copyOf(state), service, reaction, place, type, key),
    );
    // Of a payload that cannot be read the key is unknown: it may be given up on at any time.
    return service.mayPark && !this.#isSink(service, reaction)
      ? [...outcomes, this.#park(copyOf(state), service, reaction, place)]
      : outcomes;
  }

  #park(
    state: ReferenceState,
    service: ServiceEntry,
    reaction: ReactionEntry,
    place: number,
  ): ReferenceState {
    state.parked = true;
    did(state, "parked");
    if (reaction.onParked === undefined) state.blocked[`${service.name} ${place}`] = true;
    else this.#emit(state, service, [reaction.onParked]);
    return state;
  }

  /** What the fence knows of the effects of a delivery: of one key, of none, or of all keys. */
  #markOf(
    state: ReferenceState,
    service: ServiceEntry,
    reaction: ReactionEntry,
    key: string | undefined,
  ) {
    const names = this.#effects.namesOf(service, reaction).map((name) => `${service.name} ${name}`);
    const bare = names.map((name) => state.effects[name]).filter((mark) => mark !== undefined);
    const turnedBack = bare.find((mark) => mark !== "done");
    if (reaction.keyed === "all") {
      const all = KEYS.map((one) => state.effects[`${names[0]} ${one}`]);
      return turnedBack ?? [...bare, ...all].find((mark) => mark === "done");
    }
    if (key === undefined) return turnedBack ?? bare[0];
    const own = names.map((name) => state.effects[`${name} ${key}`]);
    return (
      turnedBack ?? own.find((mark) => mark !== undefined && mark !== "done") ?? own.find(Boolean)
    );
  }

  #react(
    state: ReferenceState,
    service: ServiceEntry,
    reaction: ReactionEntry,
    place: number,
    type: string,
    key: string | undefined,
  ): readonly ReferenceState[] {
    const own = `${service.name} ${place}`;
    const keyed = key === undefined ? "" : ` ${key}`;
    const mark = this.#markOf(state, service, reaction, key);
    const undo = reaction.kind === "undo";
    if (service.fence && (undo ? mark === "undone" || mark === "barred" : mark !== undefined))
      return [state];
    if (reaction.kind === "join") {
      if (state.fired[own] || state.gathered[`${own} ${type}`]) return [state];
    }
    const outcomes: ReferenceState[] = [];
    const late =
      (reaction.once !== undefined && state.once[`${service.name} ${reaction.once}`]) ||
      (state.runs[own] ?? 0) >= (reaction.max ?? Infinity);
    const silentLate = late && reaction.late.every((outcome) => outcome.length === 0);
    if (silentLate) return [did(state, "late")];
    // Giving up on what changes nothing leaves nothing undone.
    if (service.mayPark && !this.#isSink(service, reaction))
      outcomes.push(this.#park(copyOf(state), service, reaction, place));
    if (reaction.kind === "join") {
      state.gathered[`${own} ${type}`] = true;
      const complete = reaction.hears.every(
        (part) => state.gathered[`${own} ${part}`] || reaction.optional.includes(part),
      );
      if (!complete) return [...outcomes, did(state, "gathered")];
      state.fired[own] = true;
      for (const part of reaction.hears) delete state.gathered[`${own} ${part}`];
    }
    this.#ran.add(own);
    if (late)
      return [
        ...outcomes,
        ...reaction.late.map((outcome) => this.#emitted(did(state, "late"), service, outcome)),
      ];
    if (reaction.once !== undefined) state.once[`${service.name} ${reaction.once}`] = true;
    if (undo && service.fence && mark === undefined) {
      state.effects[`${service.name} ${reaction.undoes}${keyed}`] = "barred";
      const first = reaction.emits[0]?.slice(0, 1) ?? [];
      did(state, "barred", reaction.undoes);
      return [...outcomes, this.#emitted(state, service, reaction.onEmpty === "ack" ? first : [])];
    }
    if (reaction.max !== undefined) state.runs[own] = (state.runs[own] ?? 0) + 1;
    for (const outcome of reaction.fails)
      outcomes.push(this.#emitted(did(state, "refused"), service, outcome));
    for (const outcome of reaction.emits) {
      const after = copyOf(state);
      const effect = this.#effects.of(service, reaction, outcome);
      if (undo) this.#undo(after, service, reaction, keyed);
      else this.#do(after, service, effect, keyed);
      did(after, undo ? "undone" : "done", undo ? reaction.undoes : effect);
      outcomes.push(this.#emitted(after, service, outcome));
    }
    return outcomes;
  }

  #do(
    state: ReferenceState,
    service: ServiceEntry,
    effect: string | undefined,
    keyed: string,
  ): void {
    if (effect === undefined) return;
    const key = `${service.name} ${effect}${keyed}`;
    const before = state.effects[key];
    state.effects[key] = "done";
    if (!this.#effects.needUndo(service, effect)) return;
    if (before === "done") this.#report("DOUBLE_EFFECT", service.name, effect);
    else if (before !== undefined) this.#report("HANGING", service.name, effect);
  }

  #undo(
    state: ReferenceState,
    service: ServiceEntry,
    { undoes = "", keyed }: ReactionEntry,
    one: string,
  ): void {
    const bare = `${service.name} ${undoes}`;
    const keys = keyed === "all" ? [bare, ...KEYS.map((key) => `${bare} ${key}`)] : [bare + one];
    const done = keys.filter((key) => state.effects[key] === "done");
    const [own = ""] = keys;
    const before = state.effects[own];
    if (done.length === 0 && before === "undone")
      this.#report("DOUBLE_COMPENSATION", service.name, undoes);
    else if (done.length === 0) this.#report("EMPTY_ROLLBACK", service.name, undoes);
    if (before !== "undone") state.effects[own] = done.length === 0 ? "barred" : "undone";
    for (const key of done) state.effects[key] = "undone";
    if (done.length === 0) return;
    for (const [first, second] of this.#manifest.undoOrder) {
      const open = Object.entries(state.effects).some(
        ([other, mark]) => mark === "done" && other.split(" ")[1] === stem(second),
      );
      if (stem(first) === undoes && open) this.#report("UNDO_ORDER", service.name, undoes);
    }
  }

  #emitted(state: ReferenceState, service: ServiceEntry, outcome: ManifestOutcome): ReferenceState {
    const after = copyOf(state);
    this.#emit(after, service, outcome);
    return after;
  }

  #emit(state: ReferenceState, service: ServiceEntry | undefined, outcome: ManifestOutcome): void {
    const { succeeds, fails, pivots, locks } = this.#manifest;
    // One outcome is one moment: none of its events is after another.
    const pivoted = state.pivoted;
    state.last.emits.push(...outcome);
    for (const type of outcome) {
      for (const hearer of this.#services) {
        hearer.reactions.forEach((reaction, place) => {
          if (!reaction.hears.includes(type)) return;
          const key = JSON.stringify([hearer.name, place, type]);
          state.pending[key] = Math.min((state.pending[key] ?? 0) + 1, this.#pendingMax());
        });
        hearer.deadlines.forEach(({ after, unless }, place) => {
          if (after !== type && !unless.includes(type)) return;
          if (hearer === service) {
            this.#touch(state, hearer, place, type);
            return;
          }
          const key = JSON.stringify([hearer.name, `d${place}`, type]);
          state.pending[key] = Math.min((state.pending[key] ?? 0) + 1, this.#pendingMax());
        });
      }
      for (const { name, acquire, release } of locks) {
        if (acquire === type) state.locks[name] = true;
        if (release.includes(type)) delete state.locks[name];
      }
      const undoes = this.#services.some(({ reactions }) =>
        reactions.some(({ kind, hears }) => kind === "undo" && hears.includes(type)),
      );
      if (pivoted && (fails.includes(type) || undoes))
        this.#report("AFTER_PIVOT", service?.name, type);
      if (pivots.includes(type)) state.pivoted = true;
      if (![...succeeds, ...fails].includes(type)) continue;
      if (fails.includes(type)) this.#checkAllUndone(state, type);
      if (state.ends[type] !== undefined) this.#report("DOUBLE_END", undefined, type);
      state.ends[type] = 1;
      const ended = Object.keys(state.ends);
      if (ended.some((end) => succeeds.includes(end)) && ended.some((end) => fails.includes(end)))
        this.#report("MIXED_END", undefined, undefined);
    }
  }

  #checkAllUndone(state: ReferenceState, end: string): void {
    for (const [key, mark] of Object.entries(state.effects)) {
      const [service = "", effect = ""] = key.split(" ");
      if (mark === "done" && this.#effects.needUndo(this.#service(service), effect))
        this.#report("EARLY_END", service, effect, end);
    }
  }

  #touch(
    state: ReferenceState,
    service: ServiceEntry,
    place: number,
    type: string,
  ): "armed" | "disarmed" | undefined {
    const key = `${service.name} ${place}`;
    const deadline = service.deadlines[place];
    if (deadline === undefined) return undefined;
    const before = state.deadlines[key];
    if (type === deadline.after) state.deadlines[key] ??= "armed";
    else state.deadlines[key] = "over";
    if (state.deadlines[key] === before) return undefined;
    return state.deadlines[key] === "armed" ? "armed" : "disarmed";
  }

  /** Where messages come again any number of times, two of a kind stand for more. */
  #pendingMax(): number {
    return this.#services.some(({ inbox }) => !inbox) ? 2 : 250;
  }

  #isSink(service: ServiceEntry, reaction: ReactionEntry): boolean {
    const { kind, emits, fails, once, max, onParked } = reaction;
    const silent =
      [...emits, ...fails].every((outcome) => outcome.length === 0) && onParked === undefined;
    return (
      kind === "step" &&
      silent &&
      once === undefined &&
      max === undefined &&
      this.#effects.namesOf(service, reaction).length === 0
    );
  }
}

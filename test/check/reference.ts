import type {
  Manifest,
  ManifestOutcome,
  ReactionEntry,
  ServiceEntry,
} from "../../src/manifest/manifest.ts";
import { isSink, KEYS, markOf } from "./plain-reaction.ts";
import { type PlainFacts, PlainRules, type Report } from "./plain-rules.ts";
import { type Following, searchPlainly } from "./plain-search.ts";
import { plainBeginning } from "./plain-state.ts";
import { ReferenceEffects, stem } from "./reference-effects.ts";
import { copyOf, did, type ReferenceState, said, textOf } from "./reference-state.ts";

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

export function reference(manifest: Manifest, statesMax = 50_000): Found | undefined {
  const violations = new Set<string>();
  const ran = new Set<string>();
  let succeeded = false;
  const saga = new Saga(manifest, reportTo(violations), ran);
  const states = searchPlainly<ReferenceState>(
    {
      beginnings: () => saga.beginnings(),
      judge: (state) => saga.judge(state),
      next: (state) => {
        succeeded ||= manifest.succeeds.some((type) => state.ends[type]);
        return saga.next(state);
      },
    },
    textOf,
    statesMax,
  );
  if (states === undefined) return undefined;
  return { violations: [...violations].sort(), states, succeeded, ran };
}

/** Collects `CODE service fact`, and the end where one is named. */
export function reportTo(violations: Set<string>): Report {
  return (code, service, event, end) =>
    violations.add(
      [code, `${service}`, `${event}`, ...(end === undefined ? [] : [end])].map(stem).join(" "),
    );
}

export class Saga {
  readonly #manifest: Manifest;
  readonly #report: Report;
  readonly #rules: PlainRules;
  readonly #ran: Set<string>;
  readonly #effects: ReferenceEffects;
  readonly #services: readonly ServiceEntry[];

  constructor(manifest: Manifest, report: Report, ran: Set<string>) {
    this.#manifest = manifest;
    this.#report = report;
    this.#ran = ran;
    this.#effects = new ReferenceEffects(manifest);
    this.#services = [...manifest.services.values()];
    this.#rules = new PlainRules(
      manifest,
      {
        factsOf: (key) => this.#factsOf(key),
        labelOf: (group) =>
          group.find((type) =>
            this.#services.some((service) => this.#effects.all(service).includes(stem(type))),
          ),
      },
      report,
    );
  }

  #factsOf(key: string): PlainFacts {
    const [service = "", effect = ""] = key.split(" ");
    const entry = this.#service(service);
    return {
      service,
      label: effect,
      undone: entry.reactions.some(({ undoes }) => undoes === effect),
      needsUndo: this.#effects.needUndo(entry, effect),
      standsFor: (type) => stem(type) === effect,
    };
  }

  beginnings(): readonly ReferenceState[] {
    return this.#manifest.begins.flatMap((type) => {
      const owners = this.#services.filter(({ begins }) => begins.includes(type));
      return (owners.length === 0 ? [undefined] : owners).map((owner) => {
        const state: ReferenceState = {
          pending: {},
          again: {},
          deadlines: {},
          ...plainBeginning(),
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

  next(state: ReferenceState): Following<ReferenceState> {
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
    this.#rules.judge(state);
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
    const marks = this.#effects.namesOf(service, reaction).map((name) => `${service.name} ${name}`);
    const mark = markOf(state.effects, reaction, { marks, bare: marks }, key);
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
    if (!this.#rules.factsOf(key).needsUndo) return;
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
    this.#rules.undone(state, own);
  }

  #emitted(state: ReferenceState, service: ServiceEntry, outcome: ManifestOutcome): ReferenceState {
    const after = copyOf(state);
    this.#emit(after, service, outcome);
    return after;
  }

  #emit(state: ReferenceState, service: ServiceEntry | undefined, outcome: ManifestOutcome): void {
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
    }
    this.#rules.emitted(state, service?.name, outcome);
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
    return isSink(reaction, this.#effects.namesOf(service, reaction));
  }
}

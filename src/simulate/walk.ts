import type {
  ChoiceKind,
  DeadlineSource,
  DeliverySource,
  Effect,
  TransitionSource,
} from "../check/model.ts";
import { judgeEnd } from "../check/properties.ts";
import { PLAIN, rulingsOn } from "../check/rulings.ts";
import type { Violation } from "../check/violation.ts";
import { BARRED, DONE, LATE, NONE, SUPPRESS, UNDONE } from "../choreography/fence.ts";
import { parseMark } from "../contract/names.ts";
import type { MarkWrite } from "../ports/bookkeeping.ts";
import type { Disposition, JournalEntry } from "../ports/journal.ts";
import { type MachineMap, stateKey } from "./machine-map.ts";

/** What a step of a saga may break. */
export interface Disagreement {
  /** The rule of the checker; `MODEL` where the runtime did what the model does not allow. */
  readonly code: "MODEL" | Violation["code"];
  readonly message: string;
}

/** The choices of the model that a disposition may stand for. */
const CHOICES: Readonly<Partial<Record<Disposition, ChoiceKind>>> = {
  done: "success",
  undone: "success",
  refused: "failure",
  barred: "acknowledge",
  late: "late",
  parked: "park",
  discarded: "park",
};

/** Dispositions that change nothing in the model. */
const NOTHING: readonly Disposition[] = ["retrying", "waiting"];

/** States of marks, as rows say them, by their bits. */
const STATES: readonly (string | undefined)[] = Object.assign([], {
  [NONE]: "none",
  [DONE]: "done",
  [UNDONE]: "undone",
  [BARRED]: "barred",
});

/** The model explores two keys of each effect. */
const KEYS_MAX = 2;
/** With more states than this in which a saga may be, it is not followed any more. */
const BRANCHES_MAX = 64;

/** A state of the model in which the saga may be. */
class Branch {
  readonly row: Int32Array;
  readonly bytes: Uint8Array;
  /** What was broken on the way to it. */
  broken: Disagreement | undefined;

  constructor(row: Int32Array, broken?: Disagreement) {
    this.row = row;
    this.bytes = new Uint8Array(row.buffer);
    this.broken = broken;
  }

  copy(): Branch {
    return new Branch(this.row.slice(), this.broken);
  }

  get identity(): string {
    const { code = "", message = "" } = this.broken ?? {};
    return `${this.row.join()} ${code} ${message}`;
  }
}

/**
 * Follows one saga in the checker's model, by the journal rows that the runtime commits. A row does
 * not say which key it is about. The saga may then be in one of several states, until the marks
 * say in which.
 */
export class SagaWalk {
  readonly #map: MachineMap;
  #branches: readonly Branch[];
  /** Told of the state after each transition. */
  readonly #visit: (state: number) => void;
  /** The keys of each service, in the order in which they came. */
  readonly #keys = new Map<string, string[]>();
  readonly #marks = new Map<Effect, number>();
  #begun = false;
  /** Whether the model tells how the saga is. It does not once there are more keys. */
  follows: boolean;

  constructor(map: MachineMap, visit: (state: number) => void) {
    this.#map = map;
    this.#branches = [new Branch(new Int32Array(map.model.size / 4))];
    this.#visit = visit;
    this.follows = map.follows;
  }

  copy(): SagaWalk {
    const copy = new SagaWalk(this.#map, this.#visit);
    copy.#branches = this.#branches.map((branch) => branch.copy());
    for (const [service, keys] of this.#keys) copy.#keys.set(service, [...keys]);
    for (const [effect, bit] of this.#marks) copy.#marks.set(effect, bit);
    copy.#begun = this.#begun;
    copy.follows = this.follows;
    return copy;
  }

  /** The same for two walks only if the same steps lead them to the same. */
  get identity(): string {
    return JSON.stringify([
      this.#begun,
      this.follows,
      this.#branches.map(({ identity }) => identity),
      [...this.#keys],
      [...this.#marks].map(([{ at }, bit]) => [at, bit]),
    ]);
  }

  /** An event comes from outside. */
  arrive(type: string): undefined {
    const source = this.#map.arrival(type);
    if (source === undefined || !this.follows) return;
    for (const branch of this.#branches)
      if (branch.bytes[source.at] === 0) this.#apply(branch, source, PLAIN);
  }

  /** Takes the transition that a journal row stands for. Returns what is wrong with it. */
  step(service: string, entry: JournalEntry): Disagreement | undefined {
    if (!this.follows) return undefined;
    const after: Branch[] = [];
    let wrong: string | undefined;
    for (const branch of this.#branches) {
      const refused = this.#step(branch, after, service, entry);
      if (refused === undefined) after.push(branch);
      wrong ??= refused;
    }
    if (after.length === 0) return { code: "MODEL", message: `${service}: ${wrong}` };
    return this.#go(after);
  }

  /** Takes the marks that a service has committed beside rows. Returns what is wrong with them. */
  mark(service: string, marks: readonly MarkWrite[]): Disagreement | undefined {
    for (const { name, state } of marks) this.#note(service, name, state);
    if (!this.follows) return undefined;
    const effects = this.#map.effectsOf(service);
    const right = this.#branches.filter(({ bytes }) =>
      effects.every((effect) => bytes[effect.at] === (this.#marks.get(effect) ?? NONE)),
    );
    if (right.length > 0) return this.#go(right);
    const said = effects.map((effect) => STATES[this.#marks.get(effect) ?? NONE] ?? "none");
    const list = effects.map(({ type, key = "" }, at) => `${type} ${key} ${said[at]}`.trim());
    return {
      code: "MODEL",
      message: `${service}: its marks are not those of the model: ${list.join(", ")}`,
    };
  }

  /** The rules that the saga breaks when nothing more can happen in it. */
  judge(): readonly Disagreement[] {
    const ends = this.#branches.map(({ bytes }) => judgeEnd(this.#map.model, bytes));
    const [first = []] = ends;
    return ends.some((wrong) => wrong.length === 0) ? [] : first;
  }

  #note(service: string, mark: string, state: string): void {
    const { kind, name, key } = parseMark(mark);
    if (kind !== "effect") return;
    const place = key === undefined ? undefined : this.#placeOf(service, key);
    const effect = this.#map.effect(service, name, place);
    const bit = STATES.indexOf(state);
    if (effect !== undefined && bit > 0) this.#marks.set(effect, bit);
  }

  #placeOf(service: string, key: string): number {
    const keys = this.#keys.get(service) ?? [];
    this.#keys.set(service, keys);
    if (!keys.includes(key)) keys.push(key);
    this.follows &&= keys.length <= KEYS_MAX;
    return keys.indexOf(key);
  }

  /** The saga is in one of these states. Returns what it has broken in each of them. */
  #go(branches: readonly Branch[]): Disagreement | undefined {
    this.#branches =
      branches.length < 2
        ? branches
        : [...new Map(branches.map((one) => [stateKey(one.row), one])).values()];
    this.follows &&= this.#branches.length <= BRANCHES_MAX;
    const [first] = this.#branches;
    if (first !== undefined && this.#branches.length === 1) this.#visit(stateKey(first.row));
    return this.#branches.every(({ broken }) => broken !== undefined) ? first?.broken : undefined;
  }

  /** `others` gets the states that may come of it as well. */
  #step(
    branch: Branch,
    others: Branch[],
    service: string,
    entry: JournalEntry,
  ): string | undefined {
    const { disposition, reaction, type } = entry;
    if (disposition === "begun") return this.#begin(branch, service, type);
    if (NOTHING.includes(disposition)) return undefined;
    if (!this.#begun) return `it handles ${type} of a saga that has not begun`;
    const deadline = this.#map.deadline(service, reaction);
    if (deadline !== undefined) return this.#expire(branch, deadline, entry);
    const source = this.#map.delivery(service, reaction, type);
    // What changes nothing has no transition.
    if (source === undefined) return undefined;
    const pending = (branch.bytes[source.at] ?? 0) > 0;
    switch (disposition) {
      case "suppressed":
        if (!isStopped(branch.bytes, source, entry)) return unlike(entry);
        if (pending) this.#drop(branch, source);
        return undefined;
      case "armed":
      case "disarmed":
        if (pending) this.#apply(branch, source, PLAIN);
        return undefined;
      default:
        return pending
          ? this.#react(branch, others, source, entry)
          : unforeseen(branch.bytes, source, entry);
    }
  }

  #begin({ bytes }: Branch, service: string, type: string): string | undefined {
    const { machine, model } = this.#map;
    const beginning = model.beginnings.find((one) => one.service === service && one.type === type);
    if (beginning === undefined) return `it begins a saga with ${type}, which is not declared`;
    if (this.#begun) return "it begins a saga that has begun";
    machine.begin(bytes, beginning);
    this.#begun = true;
    return undefined;
  }

  /** A deadline has passed: it fires, or is given up on. */
  #expire(
    branch: Branch,
    source: DeadlineSource,
    { disposition, emitted }: JournalEntry,
  ): string | undefined {
    const fires = disposition === "expired";
    if (!fires && disposition !== "parked") return undefined;
    const { choices, armedAs, entry } = source.deadline;
    if (branch.bytes[source.at] !== armedAs)
      return fires ? `the deadline for ${entry.after} fires, and is not armed` : undefined;
    const kind = fires ? "success" : "park";
    const choice = choices.find((one) => one.kind === kind && one.emits.length === emitted.length);
    if (choice !== undefined) this.#apply(branch, source, choice.index);
    return undefined;
  }

  #react(
    branch: Branch,
    others: Branch[],
    source: DeliverySource,
    entry: JournalEntry,
  ): string | undefined {
    const { disposition, emitted } = entry;
    if (disposition === "gathered") {
      this.#apply(branch, source, PLAIN);
      return undefined;
    }
    const wanted = CHOICES[disposition];
    const choices = source.reaction?.choices ?? [];
    const open = this.#map.machine.choices(branch.bytes, source);
    const [taken, ...further] = open.filter((index) => {
      const choice = choices[index];
      if (choice === undefined || choice.kind !== wanted) return false;
      if (choice.emits.length !== emitted.length) return false;
      return choice.emits.every((one, at) => one.type === emitted[at]?.type);
    });
    for (const index of further) {
      const other = branch.copy();
      this.#apply(other, source, index);
      others.push(other);
    }
    if (taken !== undefined) {
      this.#apply(branch, source, taken);
      return undefined;
    }
    if (disposition === "late" && isStopped(branch.bytes, source, entry)) {
      this.#drop(branch, source);
      return undefined;
    }
    // That it is parked is judged at the end.
    if (disposition === "parked" || disposition === "discarded") return undefined;
    return unlike(entry);
  }

  /** A delivery that the fence stops. */
  #drop({ bytes }: Branch, { at }: DeliverySource): void {
    bytes[at] = (bytes[at] ?? 0) - 1;
    this.#map.machine.normalise(bytes);
  }

  #apply(branch: Branch, source: TransitionSource, choice: number): void {
    const { machine } = this.#map;
    machine.apply(branch.bytes, source, choice);
    const broken = machine.broken.splice(0).find((violation) => !this.#map.accepts(violation));
    if (broken !== undefined) branch.broken ??= { code: broken.code, message: broken.message };
  }
}

/**
 * Whether the fence of the model stops a delivery in this way. What is late and silent is as good
 * as suppressed: the model has no choice for it.
 */
function isStopped(
  bytes: Uint8Array,
  { reaction, part }: DeliverySource,
  { disposition, emitted }: JournalEntry,
): boolean {
  // What only watches for a deadline has no fence.
  if (reaction === undefined) return true;
  if (disposition === "late" && (emitted.length > 0 || !reaction.lateSilent)) return false;
  const rulings = rulingsOn(bytes, reaction, part);
  if (disposition === "late") return rulings.includes(LATE);
  // What such a join gathers, the model forgets. The fence still stops an event that it has.
  const forgetsGathered = part >= 0 && reaction.lateSilent;
  return rulings.includes(SUPPRESS) || (forgetsGathered && rulings.includes(LATE));
}

function unlike({ disposition, emitted, type }: JournalEntry): string {
  const events = emitted.map((one) => one.type).join(", ") || "nothing";
  return `it hears ${type}, is ${disposition} and emits ${events}, which the model forbids here`;
}

/** The model has removed the delivery, since nothing can come of it. */
function unforeseen(
  bytes: Uint8Array,
  source: DeliverySource,
  entry: JournalEntry,
): string | undefined {
  const { disposition, emitted, type } = entry;
  if (disposition === "late" && isStopped(bytes, source, entry)) return undefined;
  if (emitted.length === 0 && ["gathered", "parked", "discarded"].includes(disposition))
    return undefined;
  return `it hears ${type} and is ${disposition}: the model has no such delivery under way`;
}

import type {
  ChoiceKind,
  DeadlineSource,
  DeliverySource,
  TransitionSource,
} from "../check/model.ts";
import { judgeEnd } from "../check/properties.ts";
import { PLAIN } from "../check/rulings.ts";
import type { Violation } from "../check/violation.ts";
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

/** Follows one saga in the checker's model, by the journal rows that the runtime commits. */
export class SagaWalk {
  readonly #map: MachineMap;
  readonly #row: Int32Array;
  readonly #bytes: Uint8Array;
  /** Told of the state after each transition. */
  readonly #visit: (state: number) => void;
  #begun = false;

  constructor(map: MachineMap, visit: (state: number) => void) {
    this.#map = map;
    this.#row = new Int32Array(map.model.size / 4);
    this.#bytes = new Uint8Array(this.#row.buffer);
    this.#visit = visit;
  }

  /** An event comes from outside. */
  arrive(type: string): void {
    const source = this.#map.arrival(type);
    if (source !== undefined && this.#bytes[source.at] === 0)
      this.#map.machine.apply(this.#bytes, source, PLAIN);
  }

  /** Takes the transition that a journal row stands for. Returns what is wrong with it. */
  step(service: string, entry: JournalEntry): Disagreement | undefined {
    const wrong = this.#step(service, entry);
    if (wrong !== undefined) return { code: "MODEL", message: `${service}: ${wrong}` };
    this.#visit(stateKey(this.#row));
    const broken = this.#map.machine.broken.splice(0);
    const first = broken.find((violation) => !this.#map.accepts(violation));
    return first && { code: first.code, message: first.message };
  }

  /** The rules that the saga breaks when nothing more can happen in it. */
  judge(): readonly Disagreement[] {
    return judgeEnd(this.#map.model, this.#bytes);
  }

  #step(service: string, entry: JournalEntry): string | undefined {
    const { disposition, reaction, type } = entry;
    if (disposition === "begun") return this.#begin(service, type);
    if (NOTHING.includes(disposition)) return undefined;
    if (!this.#begun) return `it handles ${type} of a saga that has not begun`;
    const deadline = this.#map.deadline(service, reaction);
    if (deadline !== undefined) return this.#expire(deadline, entry);
    const source = this.#map.delivery(service, reaction, type);
    // What changes nothing has no transition.
    if (source === undefined) return undefined;
    const pending = (this.#bytes[source.at] ?? 0) > 0;
    switch (disposition) {
      case "suppressed":
        if (pending) this.#drop(source);
        return undefined;
      case "armed":
      case "disarmed":
        if (pending) this.#apply(source, PLAIN);
        return undefined;
      default:
        return pending ? this.#react(source, entry) : unforeseen(entry);
    }
  }

  #begin(service: string, type: string): string | undefined {
    const { machine, model } = this.#map;
    const beginning = model.beginnings.find((one) => one.service === service && one.type === type);
    if (beginning === undefined) return `it begins a saga with ${type}, which is not declared`;
    if (this.#begun) return "it begins a saga that has begun";
    machine.begin(this.#bytes, beginning);
    this.#begun = true;
    return undefined;
  }

  /** A deadline has passed: it fires, or is given up on. */
  #expire(source: DeadlineSource, { disposition, emitted }: JournalEntry): string | undefined {
    const fires = disposition === "expired";
    if (!fires && disposition !== "parked") return undefined;
    const { choices, armedAs, entry } = source.deadline;
    if (this.#bytes[source.at] !== armedAs)
      return fires ? `the deadline for ${entry.after} fires, and is not armed` : undefined;
    const kind = fires ? "success" : "park";
    const choice = choices.find((one) => one.kind === kind && one.emits.length === emitted.length);
    if (choice !== undefined) this.#apply(source, choice.index);
    return undefined;
  }

  #react(source: DeliverySource, entry: JournalEntry): string | undefined {
    const { disposition, emitted, type } = entry;
    if (disposition === "gathered") {
      this.#apply(source, PLAIN);
      return undefined;
    }
    const wanted = CHOICES[disposition];
    const choices = source.reaction?.choices ?? [];
    const taken = this.#map.machine.choices(this.#bytes, source).find((index) => {
      const choice = choices[index];
      if (choice === undefined || choice.kind !== wanted) return false;
      if (choice.emits.length !== emitted.length) return false;
      return choice.emits.every((one, at) => one.type === emitted[at]?.type);
    });
    if (taken !== undefined) {
      this.#apply(source, taken);
      return undefined;
    }
    // That it is parked is judged at the end.
    if (disposition === "parked" || disposition === "discarded") return undefined;
    const events = emitted.map((one) => one.type).join(", ") || "nothing";
    return `it hears ${type}, is ${disposition} and emits ${events}, which the model forbids here`;
  }

  /** A delivery that the fence stops. */
  #drop({ at }: DeliverySource): void {
    this.#bytes[at] = (this.#bytes[at] ?? 0) - 1;
    this.#map.machine.normalise(this.#bytes);
  }

  #apply(source: TransitionSource, choice: number): void {
    this.#map.machine.apply(this.#bytes, source, choice);
  }
}

/** The model has removed the delivery, since nothing can come of it. */
function unforeseen({ disposition, emitted, type }: JournalEntry): string | undefined {
  if (emitted.length === 0 && ["late", "gathered", "parked", "discarded"].includes(disposition))
    return undefined;
  return `it hears ${type} and is ${disposition}: the model has no such delivery under way`;
}

import { stemOf } from "../contract/grammar.ts";
import type { Disposition } from "../ports/journal.ts";
import { RETRY_DEFAULT } from "../runtime/retry.ts";

/** One step of a saga that was recorded, as `odori trace --export` writes it. */
export interface RecordedStep {
  readonly service: string;
  readonly reaction: string;
  readonly disposition: string;
  /** The type of the event heard; absent for a beginning. */
  readonly heard?: string | undefined;
  /** How often the message came again. */
  readonly duplicates: number;
  /** The attempt that ended so: those before it have failed. @default 1 */
  readonly attempt?: number | undefined;
}

/** A message that a run may hand over next. */
interface Offered {
  readonly group: { readonly name: string };
  readonly event: { readonly type: string };
}

/** What a run has come to so far. */
export interface Reaction {
  readonly service: string;
  readonly reaction: string;
  readonly disposition: string;
}

/** How often time passes in search of what a step waits for: a retry, or a deadline. */
const PATIENCE = 20;
/** With one more a delivery would be given up. */
const FAILURES_MAX = RETRY_DEFAULT.attempts - 1;

/** Of a step that has not come to its end, or that a person has ended. */
const DEFERRED: ReadonlySet<string> = new Set<Disposition>([
  "retrying",
  "waiting",
  "parked",
  "discarded",
]);

/**
 * Leads a run along a saga that was recorded: messages come in the same order, deadlines pass at
 * the same place, what came twice comes twice, and what failed at first does so again.
 */
export class Guide {
  readonly #steps: readonly RecordedStep[];
  readonly #done: readonly Reaction[];
  readonly #delivered = new Set<string>();
  readonly #repeated = new Map<string, number>();
  /** How often the handler of a step has failed. */
  readonly #failed = new Map<RecordedStep, number>();
  #at = 0;
  #waited = 0;
  #began = false;

  /** `done` grows while the run goes on. */
  constructor(steps: readonly RecordedStep[], done: readonly Reaction[]) {
    this.#steps = steps;
    this.#done = done;
  }

  /** The first step that has not happened in the run; undefined if it has followed all. */
  get lostAt(): number | undefined {
    const at = this.#steps.findIndex((step) => !this.#hasHappened(step));
    return at < 0 ? undefined : at;
  }

  /** Chooses among messages, and among the other moves, of which the last is that time passes. */
  next(messages: readonly Offered[], ways: number): number {
    while (this.#at < this.#steps.length && this.#isDone(this.#steps[this.#at])) {
      this.#at++;
      this.#waited = 0;
    }
    const step = this.#steps[this.#at];
    if (step === undefined || this.#waited > PATIENCE) return 0;
    const way = messages.findIndex((message) => isOf(message, step));
    const delivered = this.#delivered.has(keyOf(step));
    if (step.disposition !== "expired" && way >= 0 && !delivered) {
      this.#delivered.add(keyOf(step));
      return way;
    }
    if (step.disposition === "begun" && !this.#began) {
      this.#began = true;
      return messages.length;
    }
    this.#waited++;
    return ways - 1;
  }

  /**
   * Whether the handler fails that a service runs now. A record does not tell how far an attempt
   * came that failed: here it has done its work, which is the worst.
   */
  fails(service: string): boolean {
    const step = this.#steps[this.#at];
    if (step?.service !== service || !this.#delivered.has(keyOf(step))) return false;
    const failed = this.#failed.get(step) ?? 0;
    if (failed >= failuresOf(step)) return false;
    this.#failed.set(step, failed + 1);
    this.#waited = 0;
    return true;
  }

  /** Whether a message to a service comes once more. */
  repeats(service: string, type: string): boolean {
    const step = this.#steps.find(
      (one) => one.service === service && stem(one.heard) === stem(type),
    );
    const key = `${service} ${stem(type)}`;
    const count = this.#repeated.get(key) ?? 0;
    if (step === undefined || count >= step.duplicates) return false;
    this.#repeated.set(key, count + 1);
    return true;
  }

  #isDone(step: RecordedStep | undefined): boolean {
    if (step === undefined) return true;
    if (step.disposition !== "expired" && step.heard !== undefined && failuresOf(step) === 0)
      return this.#delivered.has(keyOf(step));
    return this.#hasComeTo(step);
  }

  /** A delivery that waited for a person then is tried until it is done here. */
  #hasHappened(step: RecordedStep): boolean {
    return DEFERRED.has(step.disposition)
      ? this.#delivered.has(keyOf(step))
      : this.#hasComeTo(step);
  }

  #hasComeTo({ service, reaction, disposition }: RecordedStep): boolean {
    return this.#done.some(
      (one) =>
        one.service === service && one.reaction === reaction && one.disposition === disposition,
    );
  }
}

function failuresOf({ attempt = 1 }: RecordedStep): number {
  return Math.min(attempt - 1, FAILURES_MAX);
}

function isOf({ group, event }: Offered, { service, heard }: RecordedStep): boolean {
  return group.name === service && stem(event.type) === stem(heard);
}

function keyOf({ service, heard }: RecordedStep): string {
  return `${service} ${stem(heard)}`;
}

function stem(type: string | undefined): string {
  return type === undefined ? "" : stemOf(type);
}

import type { Disposition } from "../ports/journal.ts";
import { RETRY_DEFAULT } from "../runtime/retry.ts";
import type { Move } from "./move.ts";
import type { RecordedStep } from "./record.ts";
import { type Handed, type Reaction, RecordedRows, stemHeard } from "./recorded-rows.ts";

/** A message that a run may hand over next. */
interface Offered {
  readonly group: { readonly name: string };
  readonly event: Handed;
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
  readonly #rows: RecordedRows;
  /** By service and id. */
  readonly #repeated = new Map<string, number>();
  /** How often the handler of a step has failed. */
  readonly #failed = new Map<RecordedStep, number>();
  #at = 0;
  #waited = 0;

  /** `done` grows while the run goes on. */
  constructor(steps: readonly RecordedStep[], done: readonly Reaction[]) {
    this.#steps = steps;
    this.#rows = new RecordedRows(steps, done);
  }

  /** The first step that has not happened in the run; undefined if it has followed all. */
  get lostAt(): number | undefined {
    const at = this.#steps.findIndex((step) => !this.#hasHappened(step));
    return at < 0 ? undefined : at;
  }

  /** Chooses among messages and other moves, of which the last one is that time passes. */
  next(messages: readonly Offered[], moves: readonly Move[]): number {
    while (this.#at < this.#steps.length && this.#isDone(this.#steps[this.#at])) {
      this.#at++;
      this.#waited = 0;
    }
    const step = this.#steps[this.#at];
    if (step === undefined || this.#waited > PATIENCE) return 0;
    if (step.disposition !== "expired" && !this.#rows.hasCome(step)) {
      const way = messages.findIndex((message) => this.#isOf(message, step));
      if (way >= 0) return way;
      const own = moves.findIndex((one) => comesWith(step, one));
      // Another saga may be before it, that is begun first.
      const move = own < 0 && step.disposition === "begun" ? moves.findIndex(begins) : own;
      if (move >= 0) return messages.length + move;
    }
    this.#waited++;
    return messages.length + moves.length - 1;
  }

  /**
   * Whether the handler fails that a service runs now. A record does not tell how far an attempt
   * came that failed: here it has done its work, which is the worst.
   */
  fails(service: string, reaction: string): boolean {
    const step = this.#steps.find(
      (one) =>
        one.service === service &&
        one.reaction === reaction &&
        this.#hasToFail(one) &&
        (one.disposition === "expired" || this.#rows.hasCome(one)),
    );
    if (step === undefined) return false;
    this.#failed.set(step, (this.#failed.get(step) ?? 0) + 1);
    this.#waited = 0;
    return true;
  }

  /** A message comes to a service. Returns whether it comes once more. */
  hands(service: string, event: Handed): boolean {
    this.#rows.take(service, event);
    const duplicates = this.#rows.hearing(service, event).map((step) => step.duplicates);
    const key = `${service} ${event.id}`;
    const count = this.#repeated.get(key) ?? 0;
    if (count >= Math.max(0, ...duplicates)) return false;
    this.#repeated.set(key, count + 1);
    return true;
  }

  #isDone(step: RecordedStep | undefined): boolean {
    if (step === undefined) return true;
    if (step.disposition === "expired" || step.heard === undefined)
      return this.#rows.hasComeTo(step);
    if (!this.#rows.hasCome(step) || this.#hasToFail(step)) return false;
    return DEFERRED.has(step.disposition) || failuresOf(step) === 0 || this.#rows.hasComeTo(step);
  }

  /** A delivery that waited for a person then is tried until it is done here. */
  #hasHappened(step: RecordedStep): boolean {
    return DEFERRED.has(step.disposition) ? this.#rows.hasCome(step) : this.#rows.hasComeTo(step);
  }

  #hasToFail(step: RecordedStep): boolean {
    return (this.#failed.get(step) ?? 0) < failuresOf(step);
  }

  #isOf({ group, event }: Offered, step: RecordedStep): boolean {
    if (group.name !== step.service || stemHeard(event.type) !== stemHeard(step.heard))
      return false;
    if (step.from !== undefined) return event.id === this.#rows.idOf(step);
    return !this.#rows.hasTaken(group.name, event);
  }
}

/** What has begun it, or what it hears and no service has emitted. */
function comesWith({ service, disposition, heard, from }: RecordedStep, move: Move): boolean {
  if (disposition === "begun") return move.begins === service;
  return (
    from === undefined && move.arrives !== undefined && stemHeard(move.arrives) === stemHeard(heard)
  );
}

function begins(move: Move): boolean {
  return move.begins !== undefined;
}

function failuresOf({ attempt = 1 }: RecordedStep): number {
  return Math.min(attempt - 1, FAILURES_MAX);
}

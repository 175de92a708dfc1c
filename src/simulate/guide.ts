import type { EventEnvelope } from "../contract/envelope.ts";
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
  /** Which step has emitted that event, and as which of its events; absent where none has. */
  readonly from?: { readonly step: number; readonly emitted: number } | undefined;
  /** How often the message came again. */
  readonly duplicates: number;
  /** The attempt that ended so: those before it have failed. @default 1 */
  readonly attempt?: number | undefined;
}

/** An event, as a run hands it over. */
type Handed = Pick<EventEnvelope, "type" | "id">;

/** A message that a run may hand over next. */
interface Offered {
  readonly group: { readonly name: string };
  readonly event: Handed;
}

/** What a run has come to so far. */
export interface Reaction {
  readonly service: string;
  readonly reaction: string;
  readonly disposition: string;
  /** The event heard. */
  readonly id: string;
  /** The events emitted. */
  readonly emitted: readonly string[];
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
  /** By service and type: the ids of the events that have come, in order. */
  readonly #came = new Map<string, string[]>();
  /** The events of this run that steps hear. */
  readonly #ids = new Map<RecordedStep, string>();
  /** By service and id. */
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
    if (step.disposition !== "expired" && !this.#hasCome(step)) {
      const way = messages.findIndex((message) => this.#isOf(message, step));
      if (way >= 0) return way;
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
    if (step?.service !== service || !this.#hasCome(step)) return false;
    const failed = this.#failed.get(step) ?? 0;
    if (failed >= failuresOf(step)) return false;
    this.#failed.set(step, failed + 1);
    this.#waited = 0;
    return true;
  }

  /** A message comes to a service. Returns whether it comes once more. */
  hands(service: string, { type, id }: Handed): boolean {
    const ids = this.#idsOf(service, type);
    if (!ids.includes(id)) ids.push(id);
    const steps = this.#steps.filter(
      (step) => isHeardBy(step, service, type) && this.#idOf(step) === id,
    );
    const key = `${service} ${id}`;
    const count = this.#repeated.get(key) ?? 0;
    if (count >= Math.max(0, ...steps.map(({ duplicates }) => duplicates))) return false;
    this.#repeated.set(key, count + 1);
    return true;
  }

  #isDone(step: RecordedStep | undefined): boolean {
    if (step === undefined) return true;
    if (step.disposition !== "expired" && step.heard !== undefined && failuresOf(step) === 0)
      return this.#hasCome(step);
    return this.#hasComeTo(step);
  }

  /** A delivery that waited for a person then is tried until it is done here. */
  #hasHappened(step: RecordedStep): boolean {
    return DEFERRED.has(step.disposition) ? this.#hasCome(step) : this.#hasComeTo(step);
  }

  #hasComeTo(step: RecordedStep): boolean {
    return this.#rowsOf(step).some(({ disposition }) => disposition === step.disposition);
  }

  #isOf({ group, event }: Offered, step: RecordedStep): boolean {
    if (!isHeardBy(step, group.name, event.type)) return false;
    if (step.from !== undefined) return event.id === this.#idOf(step);
    return !this.#idsOf(group.name, event.type).includes(event.id);
  }

  #hasCome(step: RecordedStep): boolean {
    const { service, heard = "" } = step;
    const id = this.#idOf(step);
    return id !== undefined && this.#idsOf(service, heard).includes(id);
  }

  /** The event of this run that a step hears; undefined as long as it is not there. */
  #idOf(step: RecordedStep): string | undefined {
    const { service, heard = "", from } = step;
    if (from === undefined) return this.#idsOf(service, heard)[this.#placeOf(step)];
    const known = this.#ids.get(step);
    if (known !== undefined) return known;
    const emitter = this.#steps[from.step];
    const rows = emitter === undefined ? [] : this.#rowsOf(emitter);
    const id = rows.findLast(({ emitted }) => emitted.length > 0)?.emitted[from.emitted];
    if (id !== undefined) this.#ids.set(step, id);
    return id;
  }

  /** What the run has done of a step. */
  #rowsOf(step: RecordedStep): readonly Reaction[] {
    const own = this.#done.filter(
      ({ service, reaction }) => service === step.service && reaction === step.reaction,
    );
    // A beginning and a deadline hear nothing: the first recorded one is the first one here.
    const isHeard = step.heard !== undefined && step.disposition !== "expired";
    const alike = own.filter(({ disposition }) => disposition === step.disposition);
    const ids = [...new Set(alike.map(({ id }) => id))];
    const wanted = isHeard ? this.#idOf(step) : ids[this.#placeOf(step)];
    return wanted === undefined ? [] : own.filter(({ id }) => id === wanted);
  }

  /** How many steps like this one are before it. */
  #placeOf(step: RecordedStep): number {
    const isExpired = step.disposition === "expired";
    const alike = this.#steps.filter(
      ({ service, reaction, heard, disposition }) =>
        service === step.service &&
        reaction === step.reaction &&
        stem(heard) === stem(step.heard) &&
        (disposition === "expired") === isExpired,
    );
    return alike.indexOf(step);
  }

  #idsOf(service: string, type: string): string[] {
    const key = `${service} ${stem(type)}`;
    const known = this.#came.get(key);
    if (known !== undefined) return known;
    const ids: string[] = [];
    this.#came.set(key, ids);
    return ids;
  }
}

function failuresOf({ attempt = 1 }: RecordedStep): number {
  return Math.min(attempt - 1, FAILURES_MAX);
}

function isHeardBy(step: RecordedStep, service: string, type: string): boolean {
  return step.service === service && stem(step.heard) === stem(type);
}

function stem(type: string | undefined): string {
  return type === undefined ? "" : stemOf(type);
}

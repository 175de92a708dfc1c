import { messageOf } from "../contract/errors.ts";
import type { JournalEntry } from "../ports/journal.ts";
import type { LogFields } from "../ports/logger.ts";
import { isInjected } from "./faults.ts";
import { cutShort } from "./findings.ts";

/** A journal row that was committed, and when. */
export interface Committed {
  readonly process: string;
  readonly at: number;
  readonly entry: JournalEntry;
  /** Why the delivery failed, in a run that explains; not where the run has decided on it. */
  readonly why?: string;
}

/** A fault, and before which of the journal rows it happened. */
export interface Noted {
  readonly place: number;
  readonly note: string;
}

/** What has happened in a run, in its order. */
export class History {
  readonly rows: Committed[] = [];
  readonly notes: Noted[] = [];
  /** Why deliveries failed, in a run that explains: it may be anything, and stays in the run. */
  readonly #errors = new Map<Committed, unknown>();

  note(note: string): void {
    this.notes.push({ place: this.rows.length, note });
  }

  /** Keeps the error beside the last row of the delivery that the runtime has logged. */
  explain(process: string, { error, reaction, sagaId, eventId }: LogFields): void {
    const at = this.rows.findLastIndex(
      ({ process: name, entry }) =>
        name === process &&
        entry.reaction === reaction &&
        entry.sagaId === sagaId &&
        entry.id === eventId,
    );
    const row = this.rows[at];
    if (row === undefined) return;
    const told = isInjected(error) ? row : { ...row, why: cutShort(messageOf(error)) };
    this.rows[at] = told;
    this.#errors.set(told, error);
  }

  /** The error with which a delivery was parked; undefined where it was not kept. */
  parkedBy(reaction: string, sagaId: string): unknown {
    const row = this.rows.findLast(
      ({ entry }) =>
        entry.disposition === "parked" && entry.reaction === reaction && entry.sagaId === sagaId,
    );
    return row && this.#errors.get(row);
  }
}

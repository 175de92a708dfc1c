import type { JournalEntry } from "../ports/journal.ts";
import type { LogFields } from "../ports/logger.ts";

/** A journal row that was committed, and when. */
export interface Committed {
  readonly process: string;
  readonly at: number;
  readonly entry: JournalEntry;
  /** Why the delivery failed, in a run that explains. */
  readonly error?: unknown;
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
    if (row !== undefined) this.rows[at] = { ...row, error };
  }

  /** The error with which a delivery was parked; undefined where it was not kept. */
  parkedBy(reaction: string, sagaId: string): unknown {
    const row = this.rows.findLast(
      ({ entry }) =>
        entry.disposition === "parked" && entry.reaction === reaction && entry.sagaId === sagaId,
    );
    return row?.error;
  }
}

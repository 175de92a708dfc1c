import type { EventEnvelope } from "../contract/envelope.ts";
import type { NewDeferred } from "../ports/deferred.ts";
import type { JournalEntry } from "../ports/journal.ts";
import type { DeferredKey, DeferredUpdate, MarkWrite, Ticket, Writes } from "../ports/store.ts";

/** What one commit will leave behind, while it is being put together. */
export class Draft implements Writes {
  readonly journal: JournalEntry[] = [];
  readonly amend: JournalEntry[] = [];
  readonly marks: MarkWrite[] = [];
  readonly enqueue: EventEnvelope[] = [];
  readonly defer: NewDeferred[] = [];
  readonly redefer: DeferredUpdate[] = [];
  readonly settle: number[] = [];
  readonly drop: (DeferredKey & { readonly state: "armed" | "gathered" })[] = [];
  confirm: readonly Ticket[] = [];

  /** Time until something that this commit puts off, or lets go on, is due; undefined when there is nothing of that kind. */
  get nextDueMs(): number | undefined {
    if (this.settle.length > 0) return 0;
    let next: number | undefined;
    for (const rows of [this.defer, this.redefer]) {
      for (const { state, delayMs } of rows) {
        if (state !== "waiting" && state !== "gathered") next = Math.min(next ?? delayMs, delayMs);
      }
    }
    return next;
  }
}

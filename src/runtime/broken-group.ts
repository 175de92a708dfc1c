import { OdoriError } from "../contract/errors.ts";
import { StoreUnavailableError } from "../ports/errors.ts";

/** The tasks that have broken a group. */
interface Blamed {
  /** One of them has ended the transaction, or what it sent has failed. */
  readonly culprits: readonly unknown[];
  /** What they sent has met another transaction. */
  readonly contended?: readonly unknown[];
}

/** A handler has ended the transaction of its group, so nothing of the group was committed. */
export class BrokenGroupError extends OdoriError {
  readonly culprits: readonly unknown[];
  readonly contended: readonly unknown[];

  constructor({ culprits, contended = [] }: Blamed, cause: unknown) {
    super("TRANSACTION_ENDED", "A handler has ended the transaction of its commit group.", {
      cause,
      hint: "The runtime handles the deliveries again: this handler alone.",
    });
    this.culprits = culprits;
    this.contended = contended;
  }
}

/** Whether a failure to undo what a handler wrote has ended the transaction of its group. */
export function endsGroup(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return true;
  return error instanceof OdoriError && error.code === "TRANSACTION_ENDED";
}

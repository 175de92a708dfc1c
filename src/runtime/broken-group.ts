import { OdoriError } from "../contract/errors.ts";
import { StoreUnavailableError } from "../ports/errors.ts";

/** A handler has ended the transaction of its group, so nothing of the group was committed. */
export class BrokenGroupError extends OdoriError {
  /** The tasks of which one has done it. */
  readonly culprits: readonly unknown[];

  constructor(culprits: readonly unknown[], cause: unknown) {
    super("TRANSACTION_ENDED", "A handler has ended the transaction of its commit group.", {
      cause,
      hint: "The runtime handles the deliveries again: this handler alone.",
    });
    this.culprits = culprits;
  }
}

/** Whether a failure to undo what a handler wrote has ended the transaction of its group. */
export function endsGroup(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return true;
  return error instanceof OdoriError && error.code === "TRANSACTION_ENDED";
}

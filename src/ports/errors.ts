import { type ErrorDetails, OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { DeferredState } from "./deferred.ts";
import type { JournalEntry } from "./journal.ts";

/**
 * The database cannot be used now: unreachable, full or locked. No fault of the delivery, so no attempt is counted:
 * it stays unacknowledged, the service reports that it is not ready, and goes on by itself when the database does.
 */
export class StoreUnavailableError extends OdoriError {
  override readonly name = "StoreUnavailableError";

  constructor(code: "STORE_UNAVAILABLE" | "STORE_FULL" | "STORE_BUSY", message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}

export function notParked(seq: number, state: DeferredState | undefined): OdoriError {
  return new OdoriError("NOT_PARKED", state === undefined ? `There is no deferred delivery ${seq}.` : `The delivery ${seq} is ${state}.`, {
    mend: "Only what is parked can be retried or discarded; `odori parked list` shows it.",
  });
}

export function notOurs(service: string, owner: string): OdoriError {
  return new OdoriError("STORE_NOT_OURS", `This database belongs to the service ${quote(owner)}, not to ${quote(service)}.`, {
    mend: "Give each service a database of its own.",
  });
}

/** One batch held the same delivery twice: the batch is rolled back, and its deliveries are handled one by one. */
export function alreadyReceived({ reaction, source, id }: Pick<JournalEntry, "reaction" | "source" | "id">): OdoriError {
  return new OdoriError("DUPLICATE_DELIVERY", `${quote(reaction)} has received ${quote(id)} from ${quote(source)} already.`);
}

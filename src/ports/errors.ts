import { type ErrorDetails, messageOf, OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { DeferredState } from "./deferred.ts";
import type { JournalEntry } from "./journal.ts";

/**
 * The database cannot be used now: unreachable, full or locked. No fault of the delivery, so no
 * attempt is counted: it stays unacknowledged, the service reports that it is not ready, and goes
 * on by itself when the database does.
 */
export class StoreUnavailableError extends OdoriError {
  override readonly name = "StoreUnavailableError";

  constructor(
    code: "STORE_UNAVAILABLE" | "STORE_FULL" | "STORE_BUSY",
    message: string,
    details: ErrorDetails = {},
  ) {
    super(code, message, details);
  }
}

export function notParked(seq: number, state: DeferredState | undefined): OdoriError {
  return new OdoriError(
    "NOT_PARKED",
    state === undefined
      ? `There is no deferred delivery ${seq}.`
      : `The delivery ${seq} is ${state}.`,
    {
      hint: "Only what is parked can be retried or discarded; `odori parked list` shows it.",
    },
  );
}

export function notOurs(service: string, owner: string): OdoriError {
  return new OdoriError(
    "STORE_NOT_OURS",
    `This database belongs to the service ${quote(owner)}, not to ${quote(service)}.`,
    {
      hint: "Give each service a database of its own.",
    },
  );
}

/**
 * One batch held the same delivery twice: the batch is rolled back, and its deliveries are handled
 * one by one.
 */
export function alreadyReceived({
  reaction,
  source,
  id,
}: Pick<JournalEntry, "reaction" | "source" | "id">): OdoriError {
  return new OdoriError(
    "DUPLICATE_DELIVERY",
    `${quote(reaction)} has received ${quote(id)} from ${quote(source)} already.`,
  );
}

/**
 * The broker cannot be reached, or does not answer. Whoever publishes tries again; the event stays
 * in the outbox.
 */
export function busUnavailable(place: string, cause: unknown): OdoriError {
  return new OdoriError(
    "BUS_UNAVAILABLE",
    `The broker at ${place} cannot be used: ${messageOf(cause)}.`,
    {
      cause,
      hint: "Check that it is running and can be reached, and the credentials.",
    },
  );
}

export function busForbidden(place: string, cause: unknown): OdoriError {
  return new OdoriError(
    "BUS_FORBIDDEN",
    `The broker at ${place} does not permit it: ${messageOf(cause)}.`,
    {
      cause,
      hint: "`odori acl` prints what each service needs.",
    },
  );
}

/**
 * What stands on the broker contradicts what was asked for, and is not changed behind its owner's
 * back.
 */
export function busTopology(message: string, hint: string, cause?: unknown): OdoriError {
  return new OdoriError("BUS_TOPOLOGY", message, { cause, hint });
}

export function busClosed(place: string): OdoriError {
  return new OdoriError("BUS_CLOSED", `The connection to ${place} is closed.`, {
    hint: "Stop the services before the bus.",
  });
}

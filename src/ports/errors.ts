import { type ErrorDetails, messageOf, OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { ConnectionFault } from "./connection.ts";
import type { DeferredState } from "./deferred.ts";
import type { JournalEntry } from "./journal.ts";

/**
 * The database cannot be used now: unreachable, full or locked, or it refuses the connection. The
 * runtime counts no attempt, leaves the delivery unacknowledged, reports the service as not ready,
 * and continues once the database is back.
 *
 * @example
 * ```ts
 * import { StoreUnavailableError } from "odori";
 * import { app } from "./app.ts";
 * import { orderPlaced } from "./contracts.ts";
 *
 * try {
 *   await app.begin("o-1", () => orderPlaced({ orderId: "o-1", amount: 100 }));
 * } catch (error) {
 *   if (!(error instanceof StoreUnavailableError)) throw error;
 *   console.error("Try again later:", error.code);
 * }
 * ```
 */
export class StoreUnavailableError extends OdoriError {
  override readonly name = "StoreUnavailableError";

  constructor(
    code: "STORE_UNAVAILABLE" | "STORE_FULL" | "STORE_BUSY" | ConnectionFault,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(code, message, details);
  }
}

/**
 * `NOT_PARKED`: `retry` or `discard` of a delivery in another state; undefined: it does not exist.
 *
 * @example
 * ```ts
 * import { type Deferred, notParked } from "odori/adapter";
 *
 * function checkParked(seq: number, row: Deferred | undefined): void {
 *   if (row?.state !== "parked") throw notParked(seq, row?.state);
 * }
 * ```
 */
export function notParked(seq: number, state: DeferredState | undefined): OdoriError {
  return new OdoriError(
    "NOT_PARKED",
    state === undefined
      ? `The deferred delivery ${seq} does not exist.`
      : `The delivery ${seq} is ${state}.`,
    { hint: "Only a parked delivery can be retried or discarded; see `odori parked list`." },
  );
}

/**
 * `STORE_NOT_OURS`: `open` for `service` of a database that belongs to `owner`.
 *
 * @example
 * ```ts
 * import { notOurs, type Session } from "odori/adapter";
 *
 * function checkOwner(owner: string, { service }: Session): void {
 *   if (owner !== service) throw notOurs(service, owner);
 * }
 * ```
 */
export function notOurs(service: string, owner: string): OdoriError {
  return new OdoriError(
    "STORE_NOT_OURS",
    `This database belongs to the service ${quote(owner)}, not to ${quote(service)}.`,
    { hint: "Give each service a database of its own." },
  );
}

/** Makes the error for tables of a newer version than this program knows. */
export function storeNewer(place: string, version: number, known: number): OdoriError {
  return new OdoriError(
    "STORE_VERSION",
    `The database ${place} has schema version ${version}; this version of Odori knows ${known}.`,
    { hint: "Use the newer version of Odori that wrote it." },
  );
}

/** Makes the error for reading tables that no service has migrated yet. */
export function storeOlder(place: string, version: number, known: number): OdoriError {
  return new OdoriError(
    "STORE_VERSION",
    `The database ${place} has schema version ${version}; this version of Odori reads ${known}.`,
    { hint: "Start the service once with this version: it migrates the tables." },
  );
}

/**
 * `DUPLICATE_DELIVERY`: the inbox row exists. The runtime then handles the batch's deliveries one
 * by one.
 *
 * @example
 * ```ts
 * import { alreadyReceived, type JournalEntry } from "odori/adapter";
 *
 * function checkInserted(rows: number, entry: JournalEntry): void {
 *   if (rows === 0) throw alreadyReceived(entry);
 * }
 * ```
 */
export function alreadyReceived({
  reaction,
  source,
  id,
}: Pick<JournalEntry, "reaction" | "source" | "id">): OdoriError {
  return new OdoriError(
    "DUPLICATE_DELIVERY",
    `${quote(reaction)} has already received ${quote(id)} from ${quote(source)}.`,
  );
}

/**
 * `TRANSACTION_CLOSED`: a handler used its transaction after it had ended.
 *
 * @example
 * ```ts
 * import { transactionClosed } from "odori/adapter";
 *
 * function checkOpen(open: boolean): void {
 *   if (!open) throw transactionClosed();
 * }
 * ```
 */
export function transactionClosed(): OdoriError {
  return new OdoriError("TRANSACTION_CLOSED", "This transaction has ended.", {
    hint: "Await everything before the handler returns.",
  });
}

/**
 * `STOPPED`: `claim` of a store that is not open.
 *
 * @example
 * ```ts
 * import { type Session, storeNotOpen } from "odori/adapter";
 *
 * function ownerOf(session: Session | undefined): string {
 *   if (session === undefined) throw storeNotOpen();
 *   return session.owner;
 * }
 * ```
 */
export function storeNotOpen(): OdoriError {
  return new OdoriError("STOPPED", "The store is not open.");
}

/**
 * `BUS_UNAVAILABLE`: the broker at `place` cannot be reached, or does not reply. The event stays in
 * the outbox, and the runtime publishes it again.
 *
 * @example
 * ```ts
 * import { busUnavailable } from "odori/adapter";
 *
 * const explain = (error: unknown) => busUnavailable("localhost:4222", error);
 * ```
 */
export function busUnavailable(place: string, cause: unknown): OdoriError {
  return new OdoriError(
    "BUS_UNAVAILABLE",
    `The broker at ${place} cannot be used: ${messageOf(cause)}.`,
    { cause, hint: "Check that it is running and reachable, and check the credentials." },
  );
}

/**
 * `BUS_UNAVAILABLE`: an exchange, stream or topic on the broker at `place` is gone. The bus creates
 * it again before the next attempt.
 *
 * @example
 * ```ts
 * import { busMissing, busUnavailable, codeOf } from "odori/adapter";
 *
 * function explain(error: unknown) {
 *   const translated = codeOf(error) === "NOT_FOUND" ? busMissing : busUnavailable;
 *   return translated("localhost:5672", error);
 * }
 * ```
 */
export function busMissing(place: string, cause: unknown): OdoriError {
  return new OdoriError(
    "BUS_UNAVAILABLE",
    `Something that the bus needs at ${place} is gone: ${messageOf(cause)}.`,
    { cause, hint: "It is created again; find out who deletes it." },
  );
}

/**
 * `BUS_FORBIDDEN`: the broker at `place` denies the operation to this user.
 *
 * @example
 * ```ts
 * import { busForbidden, busUnavailable, codeOf } from "odori/adapter";
 *
 * function explain(error: unknown) {
 *   const translated = codeOf(error) === "ACCESS_REFUSED" ? busForbidden : busUnavailable;
 *   return translated("localhost:5672", error);
 * }
 * ```
 */
export function busForbidden(place: string, cause: unknown): OdoriError {
  return new OdoriError(
    "BUS_FORBIDDEN",
    `The broker at ${place} does not permit it: ${messageOf(cause)}.`,
    { cause, hint: "`odori acl` prints the permissions that each service needs." },
  );
}

/**
 * `BUS_TOPOLOGY`: a stream, queue or topic exists with other properties than requested. A bus never
 * changes an existing one.
 *
 * @example
 * ```ts
 * import { busTopology } from "odori/adapter";
 *
 * function checkPolicy(topic: string, policy: string): void {
 *   if (policy === "compact")
 *     throw busTopology(`The topic ${topic} is compacted.`, "Set cleanup.policy to `delete`.");
 * }
 * ```
 */
export function busTopology(message: string, hint: string, cause?: unknown): OdoriError {
  return new OdoriError("BUS_TOPOLOGY", message, { cause, hint });
}

/**
 * `PAYLOAD_TOO_LARGE`: the broker at `place` refuses an event because of its size.
 *
 * @example
 * ```ts
 * import { busUnavailable, codeOf, eventTooLarge } from "odori/adapter";
 *
 * function explain(error: unknown) {
 *   const translated = codeOf(error) === "MESSAGE_TOO_LARGE" ? eventTooLarge : busUnavailable;
 *   return translated("localhost:9092", error);
 * }
 * ```
 */
export function eventTooLarge(place: string, cause: unknown): OdoriError {
  return new OdoriError(
    "PAYLOAD_TOO_LARGE",
    `The event is larger than the broker at ${place} accepts: ${messageOf(cause)}.`,
    { cause, hint: "Raise the broker's maximum message size, or send keys instead of entities." },
  );
}

/**
 * `BUS_REFUSED`: the broker at `place` refuses this event, while it accepts others.
 *
 * @example
 * ```ts
 * import { busRefused, busUnavailable, codeOf } from "odori/adapter";
 *
 * function explain(error: unknown) {
 *   const translated = codeOf(error) === "NACK" ? busRefused : busUnavailable;
 *   return translated("localhost:5672", error);
 * }
 * ```
 */
export function busRefused(place: string, cause: unknown): OdoriError {
  return new OdoriError(
    "BUS_REFUSED",
    `The broker at ${place} refuses the event: ${messageOf(cause)}.`,
    { cause, hint: "Look at the limits and policies of the queue or topic of its type." },
  );
}

/**
 * `BUS_CLOSED`: the bus was closed before or during the operation.
 *
 * @example
 * ```ts
 * import { busClosed } from "odori/adapter";
 *
 * function checkOpen(closed: boolean): void {
 *   if (closed) throw busClosed("localhost:4222");
 * }
 * ```
 */
export function busClosed(place: string): OdoriError {
  return new OdoriError("BUS_CLOSED", `The connection to ${place} is closed.`, {
    hint: "Stop the services before the bus.",
  });
}

/**
 * Makes the error of a handler that met another transaction: the runtime runs the delivery again,
 * by itself.
 */
export function storeContended(cause?: unknown): OdoriError {
  return new OdoriError("STORE_CONTENDED", "Another transaction is in the way.", {
    cause,
    hint: "The runtime runs the delivery again, by itself.",
  });
}

/** Makes the error of a handler that has ended the transaction which the runtime opened for it. */
export function transactionEnded(cause?: unknown): OdoriError {
  return new OdoriError("TRANSACTION_ENDED", "The handler's transaction has ended early.", {
    cause,
    hint: "Do not write after an error that rolls back, such as a full disk.",
  });
}

/** Makes the error of a library that opens two transactions at once inside a handler's. */
export function transactionsOverlap(): OdoriError {
  return new OdoriError(
    "STATEMENT_UNSUPPORTED",
    "A library began a transaction while another one of the same handler was open.",
    { hint: "Run them one after the other: undoing one would undo the other as well." },
  );
}

/** Makes the error of a statement that begins or ends a transaction. */
export function transactionControl(): OdoriError {
  return new OdoriError(
    "TRANSACTION_CONTROL",
    "A handler may not begin, commit or roll back: its transaction is the delivery's.",
    { hint: "Remove the statement; to undo a part, use a savepoint." },
  );
}

/** Makes the error of a handler that has returned while a statement was still under way. */
export function statementNotAwaited(cause?: unknown): OdoriError {
  return new OdoriError(
    "STATEMENT_NOT_AWAITED",
    "The handler returned before one of its statements had ended.",
    { cause, hint: "Await every statement before the handler returns." },
  );
}

/** Makes the error of a statement that came after its handler had returned. */
export function statementStray(): OdoriError {
  return new OdoriError(
    "STATEMENT_NOT_AWAITED",
    "A statement came after its handler had returned. It did nothing.",
    { hint: "Await every statement before the handler returns; look for timers and `void`." },
  );
}

import { hash } from "node:crypto";
import { encodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { MalformedMessage } from "../ports/bus.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { LogFields } from "../ports/logger.ts";
import { problemOf } from "./failure.ts";
import type { Scope, Task } from "./task.ts";
import type { Attempt, Completion } from "./task-context.ts";

/** Where deliveries stand that belong to no reaction. No reaction can have this name. */
const NOBODY = "-";

interface Undeliverable {
  readonly reaction: string;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly sagaId: string;
  readonly body: { readonly malformed: boolean; readonly text: string };
  readonly error: unknown;
}

/**
 * Parks what no reaction can take: bytes that are no event, and events of a type that nobody here
 * hears.
 */
export class UndeliverableTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
  readonly #undeliverable: Undeliverable;
  readonly #attempt: Attempt;

  constructor(undeliverable: Undeliverable, attempt: Attempt, completion: Completion) {
    const { reaction, source, id, sagaId } = undeliverable;
    this.#undeliverable = undeliverable;
    this.#attempt = attempt;
    this.completion = completion;
    this.receipt = {
      reaction,
      source,
      id,
      sagaId,
      marks: [],
      gathers: false,
      deferred: attempt.deferred,
    };
    const { code, message } = problemOf(undeliverable.error);
    this.fields = {
      reaction,
      sagaId,
      eventId: id,
      attempt: attempt.number,
      code,
      problem: message,
    };
  }

  run({ status }: Received, { draft }: Scope<Native>): void {
    // Undeliverable messages wait for nobody: they have no order among each other.
    if (status !== "fresh" && status !== "blocked") return;
    const { reaction, source, id, type, sagaId, body, error } = this.#undeliverable;
    const { number: attempts } = this.#attempt;
    const entry = {
      reaction,
      source,
      id,
      type,
      sagaId,
      causationId: undefined,
      disposition: "parked",
      effect: undefined,
      emitted: [],
    } as const;
    const row = {
      reaction,
      source,
      id,
      sagaId,
      state: "parked",
      attempts,
      delayMs: 0,
      problem: problemOf(error),
      body,
    } as const;
    draft.putOff(entry, row, this.#attempt);
  }
}

/** The same bytes have the same identity, so that a redelivery is recognised. */
export function malformedDelivery({ topic, raw, error }: MalformedMessage): Undeliverable {
  return {
    reaction: NOBODY,
    source: topic,
    id: hash("sha256", raw, "hex"),
    type: topic,
    sagaId: "",
    body: { malformed: true, text: raw },
    error,
  };
}

export function unheardDelivery(event: EventEnvelope, service: string): Undeliverable {
  const { source, id, type, sagaId } = event;
  const error = new OdoriError("UNKNOWN_TYPE", `The service ${service} does not hear ${type}.`, {
    hint: "Declare a reaction to it, or check the bus: it delivered what was not subscribed to.",
  });
  return {
    reaction: NOBODY,
    source,
    id,
    type,
    sagaId,
    body: { malformed: false, text: encodeStored([event]) },
    error,
  };
}

/** A deferred delivery that no retry can help: it is no event, or its reaction is gone. */
export function staleDelivery(
  { reaction, source, id, sagaId, body }: Deferred,
  event: EventEnvelope | undefined,
): Undeliverable {
  const error =
    event === undefined
      ? new OdoriError(
          "MESSAGE_MALFORMED",
          "These bytes are no event, however often they are tried.",
          {
            hint: "Have it sent again by its producer, and discard this one.",
          },
        )
      : new OdoriError("UNKNOWN_TYPE", `There is no reaction ${reaction} any more.`, {
          hint: "Reactions are known by their names: bring it back under this one, or discard the delivery.",
        });
  return { reaction, source, id, type: event?.type ?? source, sagaId, body, error };
}

import { hash } from "node:crypto";
import { encodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { MalformedMessage } from "../ports/bus.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { LogFields } from "../ports/logger.ts";
import { NO_REACTION } from "../ports/store.ts";
import { type Attempt, FIRST } from "./attempt.ts";
import { Delivery } from "./delivery.ts";
import { problemOf } from "./problem.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";

/** A delivery that no reaction can take, and why. */
export interface Undeliverable {
  readonly delivery: Delivery;
  readonly error: OdoriError;
}

/** Parks a delivery that no reaction can take: malformed bytes, or a type that nothing hears. */
export class UndeliverableTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
  readonly #undeliverable: Undeliverable;

  constructor(undeliverable: Undeliverable, completion: Completion) {
    this.#undeliverable = undeliverable;
    this.completion = completion;
    this.receipt = undeliverable.delivery.receipt();
    const { code, message } = problemOf(undeliverable.error);
    this.fields = { ...undeliverable.delivery.fields, code, problem: message };
  }

  run({ status }: Received, { draft }: Scope<Native>): void {
    // A blocked one is parked too: undeliverable messages have no order among each other.
    if (status !== "fresh" && status !== "blocked") return;
    const { delivery, error } = this.#undeliverable;
    const { number: attempts } = delivery.attempt;
    const row = delivery.deferral({ state: "parked", problem: problemOf(error), attempts });
    draft.putOff(delivery.entry("parked"), row, delivery.attempt);
  }
}

/** The same bytes have the same identity, so that a redelivery is recognised. */
export function malformedDelivery({ topic, raw, error }: MalformedMessage): Undeliverable {
  const message = { source: topic, id: hash("sha256", raw, "hex"), type: topic, sagaId: "" };
  const body = { malformed: true, text: raw };
  return { delivery: new Delivery(NO_REACTION, message, FIRST, () => body), error };
}

export function unheardDelivery(event: EventEnvelope, service: string): Undeliverable {
  const error = new OdoriError(
    "UNKNOWN_TYPE",
    `The service ${service} does not hear ${event.type}.`,
    {
      hint: "Declare a reaction to it, or check the bus: it delivered an event of another topic.",
    },
  );
  return { delivery: Delivery.of(NO_REACTION, event, FIRST), error };
}

/** A deferred delivery that no retry can help: it is malformed, or its reaction does not exist. */
export function staleDelivery(
  { reaction, source, id, sagaId, body }: Deferred,
  event: EventEnvelope | undefined,
  attempt: Attempt,
): Undeliverable {
  const message = event ?? { source, id, type: source, sagaId };
  const kept = event === undefined ? body : { malformed: false, text: encodeStored([event]) };
  return {
    delivery: new Delivery(reaction, message, attempt, () => kept),
    error: event === undefined ? unreadable() : reactionGone(reaction),
  };
}

function unreadable(): OdoriError {
  return new OdoriError(
    "MESSAGE_MALFORMED",
    "These bytes are not an event, so no retry can help.",
    {
      hint: "Have it sent again by its producer, and discard this one.",
    },
  );
}

function reactionGone(reaction: string): OdoriError {
  return new OdoriError("UNKNOWN_TYPE", `The service has no reaction ${reaction}.`, {
    hint: "Reactions are known by their names: restore this name, or discard the delivery.",
  });
}

import { hash } from "node:crypto";
import type { EventEnvelope, MessageHead } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { MalformedMessage } from "../ports/bus.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { LogFields } from "../ports/logger.ts";
import { NO_REACTION } from "../ports/store.ts";
import { type Attempt, FIRST } from "./attempt.ts";
import { Delivery } from "./delivery.ts";
import { markForgotten } from "./forgotten.ts";
import { problemOf } from "./problem.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";

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
  readonly cause: MessageHead;
  readonly #context: TaskContext<Native>;
  readonly #undeliverable: Undeliverable;

  constructor(context: TaskContext<Native>, undeliverable: Undeliverable, completion: Completion) {
    this.#context = context;
    this.#undeliverable = undeliverable;
    this.completion = completion;
    this.cause = undeliverable.delivery.message;
    this.receipt = undeliverable.delivery.receipt();
    const { code, message } = problemOf(undeliverable.error, undeliverable.delivery.attempt);
    this.fields = { ...undeliverable.delivery.fields, code, problem: message };
  }

  run(received: Received, { draft }: Scope<Native>): void {
    const { status } = received;
    // A blocked one is parked too: undeliverable messages have no order among each other.
    if (status === "duplicate") draft.duplicates.push(this.receipt);
    if (status !== "fresh" && status !== "blocked") return;
    markForgotten(this.#context, received, this.receipt, draft);
    const { delivery, error } = this.#undeliverable;
    const { number: attempts } = delivery.attempt;
    const problem = problemOf(error, delivery.attempt);
    const row = delivery.deferral({ state: "parked", problem, attempts });
    const failure = { fields: this.fields, error };
    draft.putOff(delivery.entry("parked"), row, delivery.attempt, failure);
  }
}

/** The same message has the same identity, so that a redelivery is recognised. */
export function malformedDelivery({
  topic,
  raw,
  id,
  head,
  error,
}: MalformedMessage): Undeliverable {
  const identity = id ?? hash("sha256", raw, "hex");
  const message = head ?? { source: topic, id: identity, type: topic, sagaId: "" };
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

/** A deferred delivery that no reaction can take: none has its name, or `error`. */
export function staleDelivery(
  { reaction, source, id, type, sagaId, body }: Deferred,
  attempt: Attempt,
  error: OdoriError = reactionGone(reaction),
): Undeliverable {
  const message = { source, id, type, sagaId };
  return { delivery: new Delivery(reaction, message, attempt, () => body), error };
}

function reactionGone(reaction: string): OdoriError {
  return new OdoriError("UNKNOWN_TYPE", `The service has no reaction ${reaction}.`, {
    hint: "Reactions are known by their names: restore this name, or discard the delivery.",
  });
}

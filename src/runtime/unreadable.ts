import type { DeadlineDeclaration } from "../choreography/declaration.ts";
import { remember } from "../cloudevents/heard.ts";
import { headOfText } from "../cloudevents/raw.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { ErrorCode } from "../contract/error-catalogue.ts";
import { messageOf, OdoriError } from "../contract/errors.ts";
import type { MalformedMessage } from "../ports/bus.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { Attempt } from "./attempt.ts";
import { Delivery } from "./delivery.ts";
import { deadlineTarget, FailureTask, reactionTarget, watchTarget } from "./failure.ts";
import type { ReactionPlan } from "./plan.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";

/** What a message was for: a reaction, or a deadline, which has passed or is watched. */
export type Addressee<Native> =
  | { readonly plan: ReactionPlan<Native> }
  | { readonly deadline: DeadlineDeclaration<Native> }
  | { readonly watched: DeadlineDeclaration<Native> };

/** The event of a message whose payload cannot be read; undefined if its attributes cannot. */
export function eventWithoutData({ head, raw }: MalformedMessage): EventEnvelope | undefined {
  if (head === undefined) return undefined;
  const event = { ...head, data: undefined };
  remember(event, () => raw, true);
  return event;
}

/** Fails a delivery that must not run, under its reaction and its saga. */
export function failDelivery<Native>(
  context: TaskContext<Native>,
  addressee: Addressee<Native>,
  delivery: Delivery,
  event: EventEnvelope,
  error: OdoriError,
  completion: Completion,
): Task<Native> {
  const target =
    "plan" in addressee
      ? reactionTarget(addressee.plan)
      : "watched" in addressee
        ? watchTarget(addressee.watched)
        : deadlineTarget(context.plan.service, addressee.deadline);
  return new FailureTask(context, target, { delivery, event, valid: false, error }, completion);
}

/** The delivery of a kept message that still cannot be read, and what can be read of its event. */
export function unreadableDelivery(
  { reaction, source, id, type, sagaId, body, at }: Deferred,
  attempt: Attempt,
): { readonly delivery: Delivery; readonly event: EventEnvelope } {
  const time = new Date(at).toISOString();
  const unknown = { specversion: "1.0", time, correlationId: sagaId } as const;
  const head = { ...unknown, ...headOfText(body.text, at), source, id, type, sagaId };
  const delivery = new Delivery(reaction, head, attempt, () => body);
  return { delivery, event: { ...head, data: undefined } };
}

const READING_CODES: readonly ErrorCode[] = [
  "NUMBER_INEXACT",
  "PAYLOAD_REFUSED",
  "MESSAGE_TOO_LARGE",
];

/**
 * The error of a kept message that still cannot be read, with the code for which it was parked: the
 * beginning of a message that is too large reads as malformed.
 */
export function stillUnreadable({ problem }: Deferred, cause: unknown): OdoriError {
  const own = cause instanceof OdoriError ? cause.code : undefined;
  const code = READING_CODES.find((one) => one === own || one === problem?.code);
  return new OdoriError(
    code ?? "MESSAGE_MALFORMED",
    `This message cannot be read, so no retry can help: ${messageOf(cause)}`,
    { cause, hint: "Have it sent again by its producer, and discard this one." },
  );
}

/** The error of a message that could not be read when it came, so that its saga is not known. */
export function readableNow(): OdoriError {
  return new OdoriError(
    "MESSAGE_MALFORMED",
    "This message can be read now, but was parked without its reaction and saga.",
    { hint: "Have it sent again by its producer, and discard this one." },
  );
}

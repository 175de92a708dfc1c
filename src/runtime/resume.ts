import { readKept } from "../cloudevents/kept.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import { watchedName } from "../contract/names.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { Attempt } from "./attempt.ts";
import { Consume } from "./consume.ts";
import { Delivery } from "./delivery.ts";
import { ExpireTask } from "./expire.ts";
import type { ServicePlan } from "./plan.ts";
import { RetiredTask } from "./retired.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";
import { staleDelivery, UndeliverableTask } from "./undeliverable.ts";
import {
  type Addressee,
  failDelivery,
  readableNow,
  stillUnreadable,
  unreadableDelivery,
} from "./unreadable.ts";
import { WatchTask } from "./watch.ts";

/** A delivery that was claimed this often, each time without an outcome, is not run again. */
const CLAIMS_MAX = 3;

/** Makes the task of a deferred delivery that is due: a retry, or a deadline that has passed. */
export function deferredTask<Native>(
  context: TaskContext<Native>,
  deferred: Deferred,
  completion: Completion,
): Task<Native> {
  const attempt: Attempt = {
    number: deferred.attempts + 1,
    deferred: deferred.seq,
    journaled: deferred.state !== "armed",
    refused: deferred.claims > CLAIMS_MAX ? crashed(deferred.claims - 1) : undefined,
    accepted: deferred.problem?.accepted ?? deferred.problem?.code === "FENCE_FORGOTTEN",
  };
  const body = readBody(deferred);
  const addressee = addresseeOf(context.plan, deferred.reaction);
  if (addressee === undefined) return orphanTask(context, deferred, attempt, body, completion);
  const { delivery, event } =
    body instanceof OdoriError
      ? unreadableDelivery(deferred, attempt)
      : { delivery: Delivery.of(deferred.reaction, body, attempt), event: body };
  const fail = (error: OdoriError) =>
    failDelivery(context, addressee, delivery, event, error, completion);
  // Owners count for a message that comes, and for one that they have refused.
  const refused = deferred.problem?.code === "SOURCE_UNKNOWN";
  const stranger = refused ? context.owners.refusal(deferred) : undefined;
  if (stranger !== undefined) return fail(stranger);
  // Attributes are enough to watch a deadline.
  if ("watched" in addressee)
    return new WatchTask(context, addressee.watched, event, attempt, completion);
  if (body instanceof OdoriError) return fail(body);
  return "plan" in addressee
    ? new Consume(context, addressee.plan, event, attempt, completion)
    : new ExpireTask(context, addressee.deadline, event, attempt, completion);
}

/** The part that a deferred delivery is for; undefined if the service has none of this name. */
function addresseeOf<Native>(
  { reactions, deadlines }: ServicePlan<Native>,
  name: string,
): Addressee<Native> | undefined {
  const plan = reactions.get(name);
  if (plan !== undefined) return { plan };
  const deadline = deadlines.get(name);
  if (deadline !== undefined) return { deadline };
  const watched = deadlines.get(watchedName(name) ?? "");
  return watched && { watched };
}

/** Makes the task of a deferred delivery to a part that the service has retired, or never had. */
function orphanTask<Native>(
  context: TaskContext<Native>,
  deferred: Deferred,
  attempt: Attempt,
  body: EventEnvelope | OdoriError,
  completion: Completion,
): Task<Native> {
  if (!(body instanceof OdoriError) && context.plan.retired.has(deferred.reaction)) {
    const delivery = Delivery.of(deferred.reaction, body, attempt);
    return new RetiredTask(context, delivery, deferred.state, completion);
  }
  const readable = deferred.body.malformed ? readableNow() : undefined;
  const error = body instanceof OdoriError ? body : readable;
  return new UndeliverableTask(context, staleDelivery(deferred, attempt, error), completion);
}

/** Reads the event of a deferred delivery; returns why it cannot be read. */
function readBody(deferred: Deferred): EventEnvelope | OdoriError {
  try {
    const event = readKept(deferred.body, deferred.at);
    return event ?? stillUnreadable(deferred, new Error("it is an empty list."));
  } catch (cause) {
    return stillUnreadable(deferred, cause);
  }
}

function crashed(deaths: number): OdoriError {
  return new OdoriError(
    "CRASHED",
    `Each of ${deaths} processes that handled this delivery ended before it had an outcome.`,
    { hint: "Find what ends the process, such as too little memory, then retry the delivery." },
  );
}

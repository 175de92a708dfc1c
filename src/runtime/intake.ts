import { readKept } from "../cloudevents/kept.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { EventContract } from "../contract/event.ts";
import { typesHeard } from "../contract/lineage.ts";
import type { Incoming, MalformedMessage } from "../ports/bus.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { KnownParts } from "../ports/store.ts";
import { AdmitTask } from "./admit.ts";
import { type Attempt, FIRST } from "./attempt.ts";
import { Consume } from "./consume.ts";
import { Delivery } from "./delivery.ts";
import { ExpireTask } from "./expire.ts";
import type { ServicePlan } from "./plan.ts";
import { RetiredTask } from "./retired.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";
import {
  malformedDelivery,
  staleDelivery,
  UndeliverableTask,
  unheardDelivery,
} from "./undeliverable.ts";
import {
  eventWithoutData,
  failUnreadable,
  readableNow,
  stillUnreadable,
  unreadableDelivery,
} from "./unreadable.ts";
import { WatchTask } from "./watch.ts";

/** A delivery that was claimed this often, each time without an outcome, is not run again. */
const CLAIMS_MAX = 3;

type MakeTask<Native> = (completion: Completion) => Task<Native>;

/**
 * Makes one task for each reaction and deadline that hears a message; at least one, so that
 * nothing is dropped. With `careful`, a delivery to a reaction is first written down.
 */
export function tasksOf<Native>(
  context: TaskContext<Native>,
  incoming: Incoming,
  careful: boolean,
): readonly MakeTask<Native>[] {
  if ("malformed" in incoming) return unreadableTasks(context, incoming);
  const { heardBy, service } = context.plan;
  const hearers = heardBy.get(incoming.type);
  if (hearers === undefined) {
    const unheard = unheardDelivery(incoming, service.name);
    return [(completion) => new UndeliverableTask(context, unheard, completion)];
  }
  return [
    ...hearers.reactions.map(
      (plan) => (completion: Completion) =>
        careful
          ? new AdmitTask(context, Delivery.of(plan.stored, incoming, FIRST), completion)
          : new Consume(context, plan, incoming, FIRST, completion),
    ),
    ...hearers.deadlines.map(
      (deadline) => (completion: Completion) =>
        new WatchTask(context, deadline, incoming, completion),
    ),
  ];
}

/** As `tasksOf`, for a message that cannot be read: it fails under each reaction that hears it. */
function unreadableTasks<Native>(
  context: TaskContext<Native>,
  message: MalformedMessage,
): readonly MakeTask<Native>[] {
  const event = eventWithoutData(message);
  const hearers = event && context.plan.heardBy.get(event.type);
  if (event === undefined || hearers === undefined)
    return [(completion) => new UndeliverableTask(context, malformedDelivery(message), completion)];
  const { error } = message;
  return [
    ...hearers.reactions.map((plan) => (completion: Completion) => {
      const delivery = Delivery.of(plan.stored, event, FIRST);
      return failUnreadable(context, { plan }, delivery, event, error, completion);
    }),
    ...hearers.deadlines.map(
      (deadline) => (completion: Completion) => new WatchTask(context, deadline, event, completion),
    ),
  ];
}

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
  const deadline = context.plan.deadlines.get(deferred.reaction);
  const plan = context.plan.reactions.get(deferred.reaction);
  const event = readBody(deferred);
  if (event instanceof OdoriError) {
    const addressee = plan === undefined ? deadline && { deadline } : { plan };
    if (addressee === undefined)
      return new UndeliverableTask(context, staleDelivery(deferred, attempt, event), completion);
    const unread = unreadableDelivery(deferred, attempt);
    return failUnreadable(context, addressee, unread.delivery, unread.event, event, completion);
  }
  if (deadline !== undefined) return new ExpireTask(context, deadline, event, attempt, completion);
  if (plan !== undefined) return new Consume(context, plan, event, attempt, completion);
  if (context.plan.retired.has(deferred.reaction)) {
    const delivery = Delivery.of(deferred.reaction, event, attempt);
    return new RetiredTask(context, delivery, deferred.state, completion);
  }
  const error = deferred.body.malformed ? readableNow() : undefined;
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

/**
 * The deferred deliveries that this service can handle. Another version of it may have put off an
 * event in a version that this one does not read.
 */
export function knownParts<Native>({
  reactions,
  deadlines,
  retired,
}: ServicePlan<Native>): KnownParts {
  return new Map<string, "any" | readonly string[]>([
    ...[...retired.keys()].map((name) => [name, "any"] as const),
    ...[...reactions].map(([name, { contracts }]) => [name, [...contracts.keys()]] as const),
    ...[...deadlines].map(([name, { armedBy }]) => [name, typesHeard(armedBy)] as const),
  ]);
}

/** The contract that reads a deferred delivery; undefined where no part hears it. */
export function contractOf<Native>(
  { reactions, deadlines }: ServicePlan<Native>,
  name: string,
  type: string,
): EventContract | undefined {
  const armedBy = deadlines.get(name)?.armedBy;
  if (armedBy !== undefined) return typesHeard(armedBy).includes(type) ? armedBy : undefined;
  return reactions.get(name)?.contracts.get(type);
}

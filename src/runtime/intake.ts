import { decodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Incoming } from "../ports/bus.ts";
import type { Deferred } from "../ports/deferred.ts";
import { Consume } from "./consume.ts";
import { ExpireTask, WatchTask } from "./deadline.ts";
import { FailureTask } from "./failure.ts";
import type { ReactionPlan } from "./plan.ts";
import type { Task } from "./task.ts";
import { type Attempt, type Completion, FIRST, type TaskContext } from "./task-context.ts";
import {
  malformedDelivery,
  staleDelivery,
  UndeliverableTask,
  unheardDelivery,
} from "./undeliverable.ts";

type MakeTask<Native> = (completion: Completion) => Task<Native>;

/**
 * What a message means to the service: one task for each reaction and deadline that hears it; never
 * none, so that nothing is dropped.
 */
export function tasksOf<Native>(
  context: TaskContext<Native>,
  incoming: Incoming,
): readonly MakeTask<Native>[] {
  if ("malformed" in incoming)
    return [(completion) => new UndeliverableTask(malformedDelivery(incoming), FIRST, completion)];
  const hearers = context.plan.heardBy.get(incoming.type);
  if (hearers === undefined) {
    return [
      (completion) =>
        new UndeliverableTask(
          unheardDelivery(incoming, context.plan.service.name),
          FIRST,
          completion,
        ),
    ];
  }
  return [
    ...hearers.reactions.map(
      (plan) => (completion: Completion) =>
        deliveryTask(context, plan, incoming, FIRST, completion),
    ),
    ...hearers.deadlines.map(
      (deadline) => (completion: Completion) => new WatchTask(deadline, incoming, completion),
    ),
  ];
}

/**
 * A deferred delivery that is due: a retry, what waited behind one, or a deadline that has passed.
 */
export function deferredTask<Native>(
  context: TaskContext<Native>,
  deferred: Deferred,
  completion: Completion,
): Task<Native> {
  const attempt: Attempt = {
    number: deferred.attempts + 1,
    deferred: deferred.seq,
    journaled: deferred.state !== "armed",
  };
  const event = deferred.body.malformed ? undefined : readStored(deferred.body.text);
  const deadline = context.plan.deadlines.get(deferred.reaction);
  const plan = context.plan.reactions.get(deferred.reaction);
  if (event !== undefined && deadline !== undefined)
    return new ExpireTask(context, deadline, event, attempt, completion);
  if (event !== undefined && plan !== undefined)
    return deliveryTask(context, plan, event, attempt, completion);
  return new UndeliverableTask(staleDelivery(deferred, event), attempt, completion);
}

function deliveryTask<Native>(
  context: TaskContext<Native>,
  plan: ReactionPlan<Native>,
  event: EventEnvelope,
  attempt: Attempt,
  completion: Completion,
): Task<Native> {
  const failed = (error: unknown, valid: boolean) => {
    const target = {
      name: plan.reaction.name,
      onParked: plan.reaction.onParked,
      deadlines: plan.deadlines,
    };
    return new FailureTask(context, target, { event, valid, error, attempt }, completion);
  };
  let data: unknown;
  try {
    const contract = plan.contracts.get(event.type);
    if (contract === undefined)
      throw new OdoriError(
        "UNKNOWN_TYPE",
        `${plan.reaction.name} does not hear ${event.type} any more.`,
      );
    data = contract.parse(event.data);
  } catch (error) {
    return failed(error, false);
  }
  try {
    return new Consume(context, plan, { ...event, data }, attempt, completion);
  } catch (error) {
    // The reaction's own `key` has thrown.
    return failed(error, true);
  }
}

function readStored(text: string): EventEnvelope | undefined {
  try {
    return decodeStored(text)[0];
  } catch {
    return undefined;
  }
}

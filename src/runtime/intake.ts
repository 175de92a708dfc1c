import { decodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract } from "../contract/event.ts";
import { typesHeard } from "../contract/lineage.ts";
import type { Incoming } from "../ports/bus.ts";
import type { Deferred } from "../ports/deferred.ts";
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
import { WatchTask } from "./watch.ts";

type MakeTask<Native> = (completion: Completion) => Task<Native>;

/**
 * Makes one task for each reaction and deadline that hears a message; at least one, so that
 * nothing is dropped.
 */
export function tasksOf<Native>(
  context: TaskContext<Native>,
  incoming: Incoming,
): readonly MakeTask<Native>[] {
  if ("malformed" in incoming)
    return [(completion) => new UndeliverableTask(malformedDelivery(incoming), completion)];
  const { heardBy, service } = context.plan;
  const hearers = heardBy.get(incoming.type);
  if (hearers === undefined) {
    const unheard = unheardDelivery(incoming, service.name);
    return [(completion) => new UndeliverableTask(unheard, completion)];
  }
  return [
    ...hearers.reactions.map(
      (plan) => (completion: Completion) => new Consume(context, plan, incoming, FIRST, completion),
    ),
    ...hearers.deadlines.map(
      (deadline) => (completion: Completion) => new WatchTask(deadline, incoming, completion),
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
  };
  const event = deferred.body.malformed ? undefined : readStored(deferred.body.text);
  const deadline = context.plan.deadlines.get(deferred.reaction);
  const plan = context.plan.reactions.get(deferred.reaction);
  if (event !== undefined && deadline !== undefined)
    return new ExpireTask(context, deadline, event, attempt, completion);
  if (event !== undefined && plan !== undefined)
    return new Consume(context, plan, event, attempt, completion);
  if (event !== undefined && context.plan.retired.has(deferred.reaction)) {
    const delivery = Delivery.of(deferred.reaction, event, attempt);
    return new RetiredTask(delivery, deferred.state, completion);
  }
  return new UndeliverableTask(staleDelivery(deferred, event, attempt), completion);
}

/** The names of the deferred deliveries that this service can handle. */
export function knownNames<Native>({
  reactions,
  deadlines,
  retired,
}: ServicePlan<Native>): ReadonlySet<string> {
  return new Set([...reactions.keys(), ...deadlines.keys(), ...retired.keys()]);
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

/** Reads an event that the database keeps; undefined where it is malformed. */
export function readStored(text: string): EventEnvelope | undefined {
  try {
    return decodeStored(text)[0];
  } catch {
    return undefined;
  }
}

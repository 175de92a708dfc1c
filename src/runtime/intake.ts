import { decodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { EventContract } from "../contract/event.ts";
import { typesHeard } from "../contract/lineage.ts";
import type { Incoming } from "../ports/bus.ts";
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
  if ("malformed" in incoming)
    return [
      (completion) => new UndeliverableTask(context, malformedDelivery(incoming), completion),
    ];
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
          ? new AdmitTask(context, plan, incoming, completion)
          : new Consume(context, plan, incoming, FIRST, completion),
    ),
    ...hearers.deadlines.map(
      (deadline) => (completion: Completion) =>
        new WatchTask(context, deadline, incoming, completion),
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
    accepted: deferred.problem?.code === "FENCE_FORGOTTEN",
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
    return new RetiredTask(context, delivery, deferred.state, completion);
  }
  return new UndeliverableTask(context, staleDelivery(deferred, event, attempt), completion);
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

/** Reads an event that the database keeps; undefined where it is malformed. */
export function readStored(text: string): EventEnvelope | undefined {
  try {
    return decodeStored(text)[0];
  } catch {
    return undefined;
  }
}

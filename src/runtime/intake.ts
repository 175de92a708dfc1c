import type { DeadlineDeclaration } from "../choreography/declaration.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract } from "../contract/event.ts";
import { typesHeard } from "../contract/lineage.ts";
import { storedName, watchedName, watchName } from "../contract/names.ts";
import type { Incoming, MalformedMessage } from "../ports/bus.ts";
import type { KnownParts } from "../ports/store.ts";
import { AdmitTask } from "./admit.ts";
import { FIRST } from "./attempt.ts";
import { Consume } from "./consume.ts";
import { Delivery } from "./delivery.ts";
import type { Hearers, ServicePlan } from "./plan.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";
import { malformedDelivery, UndeliverableTask, unheardDelivery } from "./undeliverable.ts";
import { type Addressee, eventWithoutData, failDelivery } from "./unreadable.ts";
import { WatchTask } from "./watch.ts";

type MakeTask<Native> = (completion: Completion) => Task<Native>;

/**
 * Makes one task for each reaction and deadline that hears a message. There is none only for an
 * event of the service itself, which no reaction hears. With `careful`, a delivery to a reaction is
 * first written down.
 */
export function tasksOf<Native>(
  context: TaskContext<Native>,
  incoming: Incoming,
  careful: boolean,
): readonly MakeTask<Native>[] {
  const { service } = context.plan;
  const event = "malformed" in incoming ? eventWithoutData(incoming) : incoming;
  const strange = event && strangerTasks(context, event);
  if (strange !== undefined) return strange;
  if ("malformed" in incoming) return unreadableTasks(context, incoming, event);
  const hearers = hearersOf(context.plan, incoming);
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
        new WatchTask(context, deadline, incoming, FIRST, completion),
    ),
  ];
}

/** What a service emits itself has touched its deadlines in the commit that emitted it. */
function hearersOf<Native>(
  { heardBy, source, emitted }: ServicePlan<Native>,
  event: Pick<EventEnvelope, "type" | "source">,
): Hearers<Native> | undefined {
  const hearers = heardBy.get(event.type);
  const own = event.source === source && emitted.has(event.type);
  return own ? hearers && { ...hearers, deadlines: [] } : hearers;
}

/** As `tasksOf`, for an event from a source that may not emit it; undefined for any other. */
function strangerTasks<Native>(
  context: TaskContext<Native>,
  event: EventEnvelope,
): readonly MakeTask<Native>[] | undefined {
  const hearers = context.plan.heardBy.get(event.type);
  const error = hearers && context.owners.refusal(event);
  if (hearers === undefined || error === undefined) return undefined;
  const fail = (addressee: Addressee<Native>, name: string) => (completion: Completion) =>
    failDelivery(context, addressee, Delivery.of(name, event, FIRST), event, error, completion);
  return [
    ...hearers.reactions.map((plan) => fail({ plan }, plan.stored)),
    ...hearers.deadlines.map((watched) => fail({ watched }, watchName(storedName(watched)))),
  ];
}

/** As `tasksOf`, for a message that cannot be read: it fails under each reaction that hears it. */
function unreadableTasks<Native>(
  context: TaskContext<Native>,
  message: MalformedMessage,
  event: EventEnvelope | undefined,
): readonly MakeTask<Native>[] {
  const hearers = event && hearersOf(context.plan, event);
  if (event === undefined || hearers === undefined)
    return [(completion) => new UndeliverableTask(context, malformedDelivery(message), completion)];
  const { error } = message;
  return [
    ...hearers.reactions.map((plan) => (completion: Completion) => {
      const delivery = Delivery.of(plan.stored, event, FIRST);
      return failDelivery(context, { plan }, delivery, event, error, completion);
    }),
    ...hearers.deadlines.map(
      (deadline) => (completion: Completion) =>
        new WatchTask(context, deadline, event, FIRST, completion),
    ),
  ];
}

/**
 * The deferred deliveries that this service can handle. Another version of it may have put off an
 * event in a version that this one does not read.
 */
export function knownParts(plan: ServicePlan<never>): KnownParts {
  const known = KNOWN.get(plan) ?? describeParts(plan);
  KNOWN.set(plan, known);
  return known;
}

/** By plan: a simulation starts the same service many times. */
const KNOWN = new WeakMap<ServicePlan<never>, KnownParts>();

function describeParts({ reactions, deadlines, retired }: ServicePlan<never>): KnownParts {
  return new Map<string, "any" | readonly string[]>([
    ...[...retired.keys()].map((name) => [name, "any"] as const),
    ...[...reactions].map(([name, { contracts }]) => [name, [...contracts.keys()]] as const),
    ...[...deadlines].map(([name, { armedBy }]) => [name, typesHeard(armedBy)] as const),
    ...[...deadlines].map(([name, deadline]) => [watchName(name), typesWatched(deadline)] as const),
  ]);
}

function typesWatched<Native>({ armedBy, unless }: DeadlineDeclaration<Native>): readonly string[] {
  return [armedBy, ...unless].flatMap(typesHeard);
}

/** The contract that reads a deferred delivery; undefined where no part hears it. */
export function contractOf<Native>(
  { reactions, deadlines }: ServicePlan<Native>,
  name: string,
  type: string,
): EventContract | undefined {
  const reads = (contract: EventContract) => typesHeard(contract).includes(type);
  const deadline = deadlines.get(name);
  if (deadline !== undefined) return [deadline.armedBy].find(reads);
  const watched = deadlines.get(watchedName(name) ?? "");
  if (watched !== undefined) return [watched.armedBy, ...watched.unless].find(reads);
  return reactions.get(name)?.contracts.get(type);
}

import { decodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Incoming } from "../ports/bus.ts";
import type { Deferred } from "../ports/deferred.ts";
import { Consume } from "./consume.ts";
import { ExpireTask, WatchTask } from "./deadline.ts";
import { FailureTask } from "./failure.ts";
import { MisfitTask, malformedMisfit, staleMisfit, unheardMisfit } from "./misfit.ts";
import type { ReactionPlan } from "./plan.ts";
import { FIRST, type Occasion, type Settle, type Shared } from "./shared.ts";
import type { Task } from "./task.ts";

type MakeTask<Native> = (settle: Settle) => Task<Native>;

/** What a message means to the service: one task for each reaction and deadline that hears it; never none, so that nothing is dropped. */
export function tasksOf<Native>(shared: Shared<Native>, incoming: Incoming): readonly MakeTask<Native>[] {
  if ("malformed" in incoming) return [(settle) => new MisfitTask(malformedMisfit(incoming), FIRST, settle)];
  const hearers = shared.plan.heardBy.get(incoming.type);
  if (hearers === undefined) {
    return [(settle) => new MisfitTask(unheardMisfit(incoming, shared.plan.service.name), FIRST, settle)];
  }
  return [
    ...hearers.reactions.map((plan) => (settle: Settle) => deliveryTask(shared, plan, incoming, FIRST, settle)),
    ...hearers.deadlines.map((deadline) => (settle: Settle) => new WatchTask(deadline, incoming, settle)),
  ];
}

/** A deferred delivery that is due: a retry, what waited behind one, or a deadline that has passed. */
export function deferredTask<Native>(shared: Shared<Native>, deferred: Deferred, settle: Settle): Task<Native> {
  const occasion: Occasion = { attempt: deferred.attempts + 1, deferred: deferred.seq, journaled: deferred.state !== "armed" };
  const event = deferred.body.malformed ? undefined : readStored(deferred.body.text);
  const deadline = shared.plan.deadlines.get(deferred.reaction);
  const plan = shared.plan.reactions.get(deferred.reaction);
  if (event !== undefined && deadline !== undefined) return new ExpireTask(shared, deadline, event, occasion, settle);
  if (event !== undefined && plan !== undefined) return deliveryTask(shared, plan, event, occasion, settle);
  return new MisfitTask(staleMisfit(deferred, event), occasion, settle);
}

function deliveryTask<Native>(
  shared: Shared<Native>,
  plan: ReactionPlan<Native>,
  event: EventEnvelope,
  occasion: Occasion,
  settle: Settle,
): Task<Native> {
  const failed = (error: unknown, valid: boolean) => {
    const target = { name: plan.reaction.name, onParked: plan.reaction.onParked, deadlines: plan.deadlines };
    return new FailureTask(shared, target, { event, valid, error, occasion }, settle);
  };
  let data: unknown;
  try {
    const contract = plan.contracts.get(event.type);
    if (contract === undefined) throw new OdoriError("UNKNOWN_TYPE", `${plan.reaction.name} does not hear ${event.type} any more.`);
    data = contract.parse(event.data);
  } catch (error) {
    return failed(error, false);
  }
  try {
    return new Consume(shared, plan, { ...event, data }, occasion, settle);
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

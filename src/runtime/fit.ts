import { messageOf } from "../contract/errors.ts";
import type { Deferred } from "../ports/deferred.ts";
import { NO_REACTION } from "../ports/store.ts";
import { contractOf } from "./intake.ts";
import { parsed } from "./parse.ts";
import type { ServicePlan } from "./plan.ts";
import { readDeferred } from "./stored.ts";

/**
 * Why a service could not handle a parked delivery now, as a sentence without its full stop;
 * undefined where its payload fits.
 */
export function obstacleTo<Native>(plan: ServicePlan<Native>, row: Deferred): string | undefined {
  const { reaction } = row;
  const event = readDeferred(row);
  if (event === undefined) return "it is not an event";
  const { reactions, deadlines } = plan;
  if (reaction === NO_REACTION) return `no reaction hears ${event.type}`;
  if (!reactions.has(reaction) && !deadlines.has(reaction))
    return `the service has no reaction ${reaction}`;
  const contract = contractOf(plan, reaction, event.type);
  if (contract === undefined) return `${reaction} does not hear ${event.type}`;
  try {
    parsed(event, contract);
  } catch (error) {
    return messageOf(error);
  }
  return undefined;
}

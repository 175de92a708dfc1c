import { messageOf } from "../contract/errors.ts";
import type { Deferred } from "../ports/deferred.ts";
import { NO_REACTION } from "../ports/store.ts";
import { contractOf, knownParts } from "./intake.ts";
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
  if (reaction === NO_REACTION) return `no reaction hears ${event.type}`;
  if (!knownParts(plan).has(reaction)) return `the service has no reaction ${reaction}`;
  const contract = contractOf(plan, reaction, event.type);
  if (contract === undefined) return `${reaction} does not hear ${event.type}`;
  try {
    parsed(event, contract);
  } catch (error) {
    return messageOf(error);
  }
  return undefined;
}

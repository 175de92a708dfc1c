import type { Service } from "../choreography/service.ts";
import { OdoriError } from "../contract/errors.ts";
import type { EventContract } from "../contract/event.ts";
import { quote, stemOf } from "../contract/grammar.ts";
import { type DevFault, strikesHandler } from "./fault.ts";

/** What a fault of a service may name. */
export interface DevPlaces {
  readonly service: string;
  /** Types of the events that it hears. */
  readonly events: readonly string[];
  /** Names of its reactions and deadlines, which only faults of a handler take. */
  readonly reactions: readonly string[];
}

/** The places of each service. */
export function faultPlaces(
  services: readonly Service<unknown, EventContract>[],
): readonly DevPlaces[] {
  return services.map(({ name, heard, declaration: { reactions, deadlines } }) => ({
    service: name,
    events: [...new Set(heard.map(({ type }) => type))],
    reactions: [...reactions, ...deadlines].map((one) => one.name),
  }));
}

/** Throws `FAULT_INVALID` for a fault that could never strike. */
export function checkPlace(fault: DevFault, places: readonly DevPlaces[]): void {
  const place = places.find(({ service }) => service === fault.service);
  if (place === undefined)
    throw new OdoriError("FAULT_INVALID", `${quote(fault.service)} is not a service here.`, {
      hint: `Use one of: ${places.map(({ service }) => service).join(", ")}.`,
    });
  if (fault.kind === "kill" || fault.at === undefined) return;
  const { at, service } = fault;
  const isOfHandler = strikesHandler(fault);
  const known = isOfHandler ? [...place.events, ...place.reactions] : place.events;
  if (known.some((name) => name === at || stemOf(name) === at)) return;
  const what = isOfHandler ? "neither hears nor has a reaction" : "does not hear an event";
  const hint = known.length === 0 ? "It hears nothing." : `Use one of: ${known.join(", ")}.`;
  throw new OdoriError("FAULT_INVALID", `${quote(service)} ${what} ${quote(at)}.`, { hint });
}

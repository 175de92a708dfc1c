import { OdoriError } from "../contract/errors.ts";
import { type EventContract, isContract } from "../contract/event.ts";
import { checkServiceName, quote } from "../contract/grammar.ts";
import { isService, type Service } from "./service.ts";

type Contracts = readonly EventContract[];

export interface ChoreographyOptions<Native> {
  readonly services: readonly Service<Native, EventContract>[];
  /** Events with which a saga begins. */
  readonly begins: Contracts;
  /** A saga that emitted one of these has succeeded. */
  readonly succeeds: Contracts;
  /** A saga that emitted one of these has failed, with all of its effects undone. */
  readonly fails?: Contracts;
  /** Known outside as well: nobody here need hear them. */
  readonly external?: Contracts;
  /** May come from outside, once, at any moment after the saga began. */
  readonly arrives?: Contracts;
  /** After one of these the saga must not turn back. */
  readonly pivots?: Contracts;
  /** The first effect of each pair must not be undone while the second is still done. */
  readonly undoOrder?: readonly (readonly [EventContract, EventContract])[];
  /** On success exactly one effect of each group is kept. */
  readonly oneOf?: readonly Contracts[];
  readonly locks?: readonly Lock[];
  /** Findings of `odori check` that are accepted everywhere: code, and the reason. */
  readonly suppress?: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly name: string;
  readonly acquire: EventContract;
  readonly release: Contracts;
}

/** The union of the services' declarations: read, drawn and checked, never executed. */
export interface Choreography<Native = unknown> extends Required<ChoreographyOptions<Native>> {
  readonly name: string;
}

/**
 * Declares what a saga is, from beginning to ends. Throws `DECLARATION_INVALID` where that cannot
 * be.
 */
export function choreography<Native>(
  name: string,
  options: ChoreographyOptions<Native>,
): Choreography<Native> {
  checkServiceName(name);
  const {
    services,
    begins,
    succeeds,
    fails = [],
    external = [],
    arrives = [],
    pivots = [],
    undoOrder = [],
    oneOf = [],
    locks = [],
    suppress = {},
  } = options;
  if (services.length === 0)
    throw invalid(name, "has no services", "List what service() returned.");
  for (const service of services) {
    if (!isService(service))
      throw invalid(name, `lists ${quote(service)} as a service`, "List what service() returned.");
  }
  const names = services.map((service) => service.name);
  const twice = names.find((service, index) => names.indexOf(service) !== index);
  if (twice !== undefined)
    throw invalid(name, `lists the service ${twice} twice`, "List each once.");
  checkEvents(name, "begins", begins);
  checkEvents(name, "succeeds", succeeds);
  for (const contract of [
    ...fails,
    ...external,
    ...arrives,
    ...pivots,
    ...undoOrder.flat(),
    ...oneOf.flat(),
  ])
    checkEvent(name, contract);
  for (const lock of locks)
    for (const contract of [lock.acquire, ...lock.release]) checkEvent(name, contract);
  const both = succeeds.find((contract) => fails.some((other) => other.type === contract.type));
  if (both !== undefined)
    throw invalid(name, `both succeeds and fails with ${both.type}`, "An end is one or the other.");
  return {
    name,
    services,
    begins,
    succeeds,
    fails,
    external,
    arrives,
    pivots,
    undoOrder,
    oneOf,
    locks,
    suppress,
  };
}

/** Whether something from outside the type system, such as a module's export, is a choreography. */
export function isChoreography(value: unknown): value is Choreography {
  return (
    typeof value === "object" &&
    value !== null &&
    "services" in value &&
    "succeeds" in value &&
    Array.isArray(value.services)
  );
}

function checkEvents(name: string, where: string, contracts: Contracts): void {
  if (!Array.isArray(contracts) || contracts.length === 0)
    throw invalid(name, `says nothing in ${where}`, "Name at least one event.");
  for (const contract of contracts) checkEvent(name, contract);
}

function checkEvent(name: string, contract: EventContract): void {
  if (!isContract(contract))
    throw invalid(
      name,
      `names ${quote(contract)}, which is no event`,
      "Pass what event() returned.",
    );
}

function invalid(name: string, what: string, hint: string): OdoriError {
  return new OdoriError("DECLARATION_INVALID", `The choreography ${name} ${what}.`, { hint });
}

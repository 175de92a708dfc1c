import { noteCallSite } from "../contract/call-site.ts";
import { OdoriError } from "../contract/errors.ts";
import { type EventContract, isContract } from "../contract/event.ts";
import { checkServiceName, quote } from "../contract/grammar.ts";
import { isService, type Service } from "./service.ts";

type Contracts = readonly EventContract[];

/** The services of a choreography, and how its sagas begin and end. */
export interface ChoreographyOptions<Native> {
  /** Each service once. */
  readonly services: readonly Service<Native, EventContract>[];
  /** A saga begins with one of these; at least one. */
  readonly begins: Contracts;
  /** A saga that emitted one of these has succeeded; at least one. */
  readonly succeeds: Contracts;
  /**
   * A saga that emitted one of these has failed, with all of its effects undone.
   * @default []
   */
  readonly fails?: Contracts;
  /**
   * Events for consumers outside the choreography: a service here need not hear them.
   * @default []
   */
  readonly external?: Contracts;
  /**
   * Events that may come from outside, once, at any moment after the saga began.
   * @default []
   */
  readonly arrives?: Contracts;
  /**
   * After one of these the saga must not turn back.
   * @default []
   */
  readonly pivots?: Contracts;
  /**
   * The first effect of each pair must not be undone while the second is still done.
   * @default []
   */
  readonly undoOrder?: readonly (readonly [EventContract, EventContract])[];
  /**
   * On success exactly one effect of each group is kept.
   * @default []
   */
  readonly oneOf?: readonly Contracts[];
  /**
   * Locks that no end of a saga may leave acquired.
   * @default []
   */
  readonly locks?: readonly Lock[];
  /**
   * Findings of `odori check` that the whole choreography accepts: code, and the reason.
   * @default {}
   */
  readonly suppress?: Readonly<Record<string, string>>;
}

/** A resource that an event acquires and any of several events releases. */
export interface Lock {
  readonly name: string;
  readonly acquire: EventContract;
  readonly release: Contracts;
}

/** The union of the services' declarations. It is read, drawn and checked, never executed. */
export interface Choreography<Native = never> extends Required<ChoreographyOptions<Native>> {
  readonly name: string;
}

/**
 * Declares how a saga runs, from its beginning to its ends. Throws `NAME_GRAMMAR`, or
 * `DECLARATION_INVALID` for a contradiction.
 *
 * @example
 * ```ts
 * import { choreography } from "odori";
 * import { orderCancelled, orderPlaced, stockReserved } from "./contracts.ts";
 * import { order, payment, stock } from "./services.ts";
 *
 * export default choreography("order", {
 *   services: [order, payment, stock],
 *   begins: [orderPlaced],
 *   succeeds: [stockReserved],
 *   fails: [orderCancelled],
 * });
 * ```
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
  const declared: Choreography<Native> = {
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
  return noteCallSite(declared, choreography);
}

/**
 * Tells whether a value from outside the type system, such as a module's export, is a choreography.
 *
 * @example
 * ```ts
 * import { isChoreography } from "odori";
 * import * as module from "./choreography.ts";
 *
 * if (isChoreography(module.default)) console.log(module.default.name);
 * ```
 */
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
    throw invalid(name, `has no event in ${where}`, "Name at least one event.");
  for (const contract of contracts) checkEvent(name, contract);
}

function checkEvent(name: string, contract: EventContract): void {
  if (!isContract(contract))
    throw invalid(
      name,
      `names ${quote(contract)}, which is not an event`,
      "Pass what event() returned.",
    );
}

function invalid(name: string, what: string, hint: string): OdoriError {
  return new OdoriError("DECLARATION_INVALID", `The choreography ${name} ${what}.`, { hint });
}

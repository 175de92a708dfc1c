import { copyJson } from "./copy.ts";
import { OdoriError } from "./errors.ts";
import type { EventContract, Fact } from "./event.ts";

/*
 * The versions of one event. A contract that says `from` reads older versions, and one that says
 * `to` is published as older versions too, under the same source and id. Every payload is parsed by
 * the schema of each version that it passes.
 */

/** Lists the types that a contract reads: its own, then older ones. */
export function typesHeard({ type, upcast }: EventContract): readonly string[] {
  return upcast === undefined ? [type] : [type, ...typesHeard(upcast.contract)];
}

/** Lists the types under which a contract's facts are published: its own, then older ones. */
export function typesPublished({ type, downcast }: EventContract): readonly string[] {
  return downcast === undefined ? [type] : [type, ...typesPublished(downcast.contract)];
}

/** Lists a contract and the contracts of the versions that it names. */
export function versionsOf(contract: EventContract): readonly EventContract[] {
  const others = [contract.upcast, contract.downcast].flatMap((one) => one?.contract ?? []);
  return [contract, ...others.flatMap(versionsOf)];
}

/** Parses the payload of an event of `type`, one that the contract hears. */
export function readAs(contract: EventContract, type: string, data: unknown): unknown {
  if (type === contract.type) return contract.parse(data);
  const { upcast } = contract;
  if (upcast === undefined)
    throw new OdoriError("UNKNOWN_TYPE", `${contract.type} does not say how to read ${type}.`);
  const converted = upcast.convert(readAs(upcast.contract, type, data));
  // What a conversion returns is the schema's input, as in a call of the contract.
  return contract.parse(copyJson(contract.from(converted).json));
}

/** Makes the older versions that are published with a payload of the contract. */
export function olderVersions(contract: EventContract, data: unknown): readonly Fact[] {
  const { downcast } = contract;
  if (downcast === undefined) return [];
  const older = downcast.contract.from(downcast.convert(contract.parse(copyJson(data))));
  return [older, ...olderVersions(downcast.contract, older.json)];
}

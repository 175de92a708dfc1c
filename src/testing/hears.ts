import type { Service } from "../choreography/service.ts";
import type { EventContract } from "../contract/event.ts";
import { typesHeard } from "../contract/lineage.ts";

/** Whether a service hears events of a type, also to arm a deadline or to call one off. */
export function hears<Native>(
  { declaration: { reactions, deadlines } }: Service<Native, EventContract>,
  type: string,
): boolean {
  const contracts = [
    ...reactions.flatMap((reaction) => reaction.hears),
    ...deadlines.flatMap(({ armedBy, unless }) => [armedBy, ...unless]),
  ];
  return contracts.some((contract) => typesHeard(contract).includes(type));
}

/** Every contract whose events a service may emit, by type. */
export function contractsEmitted<Native>({
  declaration: { begins, reactions, deadlines },
}: Service<Native, EventContract>): ReadonlyMap<string, EventContract> {
  const contracts = [
    ...begins,
    ...reactions.flatMap(({ emits, fails, late, onParked }) => [
      ...emits.flat(),
      ...fails.flat(),
      ...(late?.emits.flat() ?? []),
      ...(onParked === undefined ? [] : [onParked.emits]),
    ]),
    ...deadlines.map(({ emits }) => emits),
  ];
  return new Map(contracts.map((contract) => [contract.type, contract]));
}

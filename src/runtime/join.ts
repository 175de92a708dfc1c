import type { EventContract } from "../contract/event.ts";
import { stemOf } from "../contract/grammar.ts";
import type { DeferredUpdate, GatheredEvent } from "../ports/bookkeeping.ts";
import type { ReactionPlan } from "./plan.ts";

type JoinPlan = Pick<ReactionPlan<never>, "awaited" | "contracts">;

/** Whether a join has an event for each contract that it waits for. */
export function isComplete({ awaited, contracts }: JoinPlan, types: readonly string[]): boolean {
  const gathered = new Set<EventContract | undefined>(types.map((type) => contracts.get(type)));
  return awaited.every((contract) => gathered.has(contract));
}

/**
 * Finds what another version of the service has gathered, in a version of the event that this one
 * does not read, if all that this one waits for is there with it. Nothing else would come for the
 * join: it must fire where the event can be read. Returns the `seq` of such an event.
 */
export function heldBack(
  plan: JoinPlan,
  type: string,
  gathered: readonly GatheredEvent[],
): number | undefined {
  const strange = gathered.filter(({ event }) => !plan.contracts.has(event.type));
  if (strange.length === 0) return undefined;
  const stems = new Set([type, ...gathered.map(({ event }) => event.type)].map(stemOf));
  if (!plan.awaited.every((contract) => stems.has(stemOf(contract.type)))) return undefined;
  const awaited = plan.awaited.map((contract) => stemOf(contract.type));
  return strange.find(({ event }) => awaited.includes(stemOf(event.type)))?.seq;
}

/** Makes a gathered event a retry, which is due at once. */
export function dueNow(seq: number): DeferredUpdate {
  return { seq, state: "retrying", attempts: 0, delayMs: 0, problem: undefined };
}

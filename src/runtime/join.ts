import type { EventContract } from "../contract/event.ts";
import type { ReactionPlan } from "./plan.ts";

/** Whether a join has an event for each contract that it waits for. */
export function isComplete(
  { awaited, contracts }: Pick<ReactionPlan<never>, "awaited" | "contracts">,
  types: readonly string[],
): boolean {
  const gathered = new Set<EventContract | undefined>(types.map((type) => contracts.get(type)));
  return awaited.every((contract) => gathered.has(contract));
}

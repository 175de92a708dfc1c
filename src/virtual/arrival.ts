import type { EventEnvelope } from "../contract/envelope.ts";
import type { Fact } from "../contract/event.ts";

/** Wraps a fact that comes from outside into a saga. */
export function arrival(
  sagaId: string,
  fact: Fact,
  { id, now }: { readonly id: string; readonly now: number },
): EventEnvelope {
  return {
    specversion: "1.0",
    id,
    type: fact.type,
    source: `/${fact.type.split(".")[0]}`,
    time: new Date(now).toISOString(),
    ...(fact.subject !== undefined && { subject: fact.subject }),
    sagaId,
    correlationId: sagaId,
    data: fact.json,
  };
}

import { messageOf, OdoriError } from "../contract/errors.ts";
import { ACCEPTED, type PublishResult } from "../ports/bus.ts";
import { isUnanswered } from "../ports/connection.ts";

/**
 * Turns the settled sends of a `publish` into its results. `explain` translates errors. Throws the
 * first error as it is, for `connectOnce` to translate, if nothing is known of any event.
 *
 * @example
 * ```ts
 * import { busUnavailable, type EventEnvelope, publishResults } from "odori/adapter";
 *
 * type Send = (event: EventEnvelope) => Promise<void>;
 *
 * async function publish(events: readonly EventEnvelope[], send: Send) {
 *   const explain = (error: unknown) => busUnavailable("localhost:4222", error);
 *   return publishResults(await Promise.allSettled(events.map(send)), explain);
 * }
 * ```
 */
export function publishResults(
  sent: readonly PromiseSettledResult<unknown>[],
  explain: (error: unknown) => unknown,
): readonly PublishResult[] {
  const results = sent.map((one) =>
    one.status === "fulfilled" ? ACCEPTED : refusal(explain(one.reason)),
  );
  const failure = sent.find((one) => one.status === "rejected");
  const known = results.some((one) => one.accepted || !isUnanswered(one.error.code));
  if (failure !== undefined && !known) throw failure.reason;
  return results;
}

/**
 * Makes the result of an event that was refused with `error`; one without a code becomes
 * `BUS_REFUSED`.
 *
 * @example
 * ```ts
 * import { ACCEPTED, checkAttribute, type PublishResult, refusal } from "odori/adapter";
 *
 * function checkedType(type: string): PublishResult {
 *   try {
 *     checkAttribute("type", type);
 *     return ACCEPTED;
 *   } catch (error) {
 *     return refusal(error);
 *   }
 * }
 * ```
 */
export function refusal(error: unknown): PublishResult {
  if (error instanceof OdoriError) return { accepted: false, error };
  const message = `The bus refuses the event: ${messageOf(error)}.`;
  const hint = "Look at the cause. The event stays in the outbox, and is published again.";
  return {
    accepted: false,
    error: new OdoriError("BUS_REFUSED", message, { cause: error, hint }),
  };
}

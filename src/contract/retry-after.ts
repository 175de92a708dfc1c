import { type Duration, parseDuration } from "./duration.ts";
import { type ErrorDetails, OdoriError } from "./errors.ts";

/**
 * Asks for the next attempt after a delay of the handler's choice, instead of the backoff.
 * The attempt counts as usual: after `retry.attempts` of them the delivery is parked.
 * Throws `DURATION_INVALID` for a delay that is not a positive duration.
 *
 * @example
 * ```ts
 * import { RetryAfter, service } from "odori";
 * import { orderPlaced, paymentAuthorized } from "./contracts.ts";
 *
 * service("payment").on(orderPlaced, {
 *   emits: [paymentAuthorized],
 *   async handle({ data }, { signal }) {
 *     const response = await fetch("https://pay.example/charges", { method: "POST", signal });
 *     if (response.status === 429) throw new RetryAfter("30s", "The gateway limits us.");
 *     return paymentAuthorized({ orderId: data.orderId, paymentId: await response.text() });
 *   },
 * });
 * ```
 */
export class RetryAfter extends OdoriError {
  override readonly name = "RetryAfter";
  /** The delay, in milliseconds. */
  readonly delayMs: number;

  constructor(
    delay: Duration,
    message = `The handler asks for a retry after ${shown(delay)}.`,
    details: ErrorDetails = {},
  ) {
    const delayMs = parseDuration(delay);
    super("RETRY_AFTER", message, details);
    this.delayMs = delayMs;
  }
}

function shown(delay: Duration): string {
  return typeof delay === "number" ? `${delay} ms` : delay;
}

/**
 * What follows for a delivery whose handling ends with an error.
 *
 * - `retryable`  retried after a pause; parked after `retry.attempts` attempts
 * - `uncounted`  retried, and the attempt does not count: the delivery is not at fault
 * - `final`      parked at once
 * - `none`       does not come from a delivery; if a handler throws it, it is retried
 */
export type DeliveryEffect = "retryable" | "uncounted" | "final" | "none";

/** One row of the catalogue. */
export interface ErrorEntry {
  /** The part of Odori that reports the error; a heading of the reference. */
  readonly area: string;
  readonly delivery: DeliveryEffect;
  /** What has happened, in one sentence. */
  readonly meaning: string;
  /** What to do about it. An error's own `hint` says it for the case at hand. */
  readonly hint: string;
}

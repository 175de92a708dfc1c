import type { OdoriError } from "../contract/errors.ts";

/** How a delivery came to be handled now. */
export interface Attempt {
  /** 1 for the first time. */
  readonly number: number;
  /** The `seq` of the deferred delivery that is due; undefined for a message from the bus. */
  readonly deferred: number | undefined;
  /** Whether the delivery already has an inbox row, which is then amended. */
  readonly journaled: boolean;
  /** The error to end with instead of running; undefined: run. */
  readonly refused: OdoriError | undefined;
  /** Whether a person retries it although what its saga has done is forgotten. */
  readonly accepted: boolean;
}

/** The attempt of a message that has just come from the bus. */
export const FIRST: Attempt = {
  number: 1,
  deferred: undefined,
  journaled: false,
  refused: undefined,
  accepted: false,
};

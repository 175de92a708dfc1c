/** How a delivery came to be handled now. */
export interface Attempt {
  /** 1 for the first time. */
  readonly number: number;
  /** The `seq` of the deferred delivery that is due; undefined for a message from the bus. */
  readonly deferred: number | undefined;
  /** Whether the delivery already has an inbox row, which is then amended. */
  readonly journaled: boolean;
}

/** The attempt of a message that has just come from the bus. */
export const FIRST: Attempt = { number: 1, deferred: undefined, journaled: false };

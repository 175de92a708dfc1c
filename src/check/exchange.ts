/** Exchanges two legs, everywhere in a model. Each map is its own inverse. */
export interface Exchange {
  /** Pairs of bytes that change places. */
  readonly bytes: readonly (readonly [number, number])[];
  /** By index: the source that it becomes. */
  readonly sources: Int32Array;
  readonly reactions: Int32Array;
  readonly deadlines: Int32Array;
  readonly beginnings: Int32Array;
}

/** Legs that look alike. */
export interface Symmetry {
  /** By leg: the bytes that are its own, in the same order for each leg. */
  readonly legs: readonly (readonly number[])[];
  /** By leg but the last: exchanges the leg with the next one. */
  readonly exchanges: readonly Exchange[];
}

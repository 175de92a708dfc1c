/*
 * What makes exploration smaller. Each reduction leaves out states, and no finding. Each can be
 * used alone: the tests compare every one of them with the unreduced search.
 */

/** Which reductions a model uses. */
export interface Reductions {
  /** Explores one order of independent transitions instead of all (partial-order reduction). */
  readonly order: boolean;
  /**
   * Counts the deliveries to one reaction together. A join has gathered an event as soon as the
   * event is emitted.
   */
  readonly merging: boolean;
  /** Lets an event from outside come only where some part of a service waits for it. */
  readonly arrivals: boolean;
  /** Explores one of the states that differ only in which of several like legs is which. */
  readonly symmetry: boolean;
}

/** Visits every state. */
export const UNREDUCED: Reductions = {
  order: false,
  merging: false,
  arrivals: false,
  symmetry: false,
};

/** Uses every reduction. */
export const REDUCED: Reductions = {
  order: true,
  merging: true,
  arrivals: true,
  symmetry: true,
};

/**
 * Leaves the reductions that two versions of a service allow: the order of what does not depend on
 * the phase. The versions hear different events, so their deliveries are not counted together.
 * It matters which version takes an arrival, and so when it comes. Legs are told apart by the
 * names of bytes, which versions share.
 */
export function inDeployment({ order }: Reductions): Reductions {
  return { ...UNREDUCED, order };
}

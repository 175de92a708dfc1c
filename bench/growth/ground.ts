import type { Store } from "odori";
import type { Contestant, Servers } from "../harness/contestant.ts";

export interface Place {
  readonly servers: Servers;
  readonly folder: string;
}

/** Sagas that are added to a history. */
export interface Span {
  /** They have the numbers from `from` to `to`, which is not among them. */
  readonly from: number;
  readonly to: number;
  /** When the first and the last of them began: milliseconds since 1970. */
  readonly first: number;
  readonly last: number;
  /** Whether each has a delivery in each service that is due in a week, and is not finished. */
  readonly waiting: boolean;
}

/** When such a delivery is due, after it is added. */
export const DUE_MS = 604_800_000;

/** A database of one kind that can be filled with rows as sagas leave them. */
export interface Ground {
  readonly name: string;
  readonly contestant: Contestant;
  /** Works with an empty one. */
  empty(work: (place: Place) => Promise<void>): Promise<void>;
  /**
   * Adds sagas by copying the rows of one that ran. They lie in the order in which they
   * began, each with an id that has nothing in common with its neighbours'.
   */
  fill(place: Place, span: Span, onRows: (sagas: number) => void): Promise<void>;
  /** Writes to the disk what the runs before have left in memory. */
  settle(place: Place): Promise<void>;
  /** Bytes of the log that was written so far; undefined where the database does not count them. */
  logged(place: Place): Promise<number | undefined>;
  /** Counts the rows that are left after everything was drained. */
  left(place: Place): Promise<string>;
  /** The store of the service `payment`. */
  store(place: Place): Store<unknown>;
}

import type { Deferred, DeferredState } from "./deferred.ts";
import type { JournalRecord } from "./journal.ts";

/**
 * Reads a store, and does the two things that a person may do to a parked delivery. Works without
 * `open`, and beside running services.
 */
export interface StoreInspection {
  /** The inbox rows of a saga, oldest first. */
  journal(sagaId: string): Promise<readonly JournalRecord[]>;
  /**
   * The ids of the sagas with the latest inbox rows, newest first, at most `limit`. Reads the feed
   * backwards, so its cost does not grow with the store.
   */
  sagas(limit: number): Promise<readonly string[]>;
  /** Deferred deliveries in one of these states, oldest first, at most `limit`. */
  deferred(states: readonly DeferredState[], limit: number): Promise<readonly Deferred[]>;
  counts(): Promise<StoreCounts>;
  /** Makes a parked delivery due at once, with 0 attempts. Throws `NOT_PARKED`. */
  retry(seq: number): Promise<Deferred>;
  /**
   * Closes a parked or retrying delivery; the next one waiting behind it becomes due. The row
   * stays, with the reason. Throws `NOT_PARKED`.
   */
  discard(seq: number, reason: string): Promise<Deferred>;
}

/** How many rows a store holds. */
export interface StoreCounts {
  /** Events in the outbox: committed here, and not yet acknowledged by the bus. */
  readonly outbox: number;
  /** Age of the oldest outbox row in milliseconds; 0 if there is none. */
  readonly outboxOldestMs: number;
  /** Deferred deliveries by state; a state without any is absent. */
  readonly deferred: Readonly<Partial<Record<DeferredState, number>>>;
}

import type { EventEnvelope } from "../contract/envelope.ts";
import type { Deferred, DeferredState } from "./deferred.ts";
import type { JournalRecord } from "./journal.ts";

/**
 * Reads a store, and does what a person may do: retry or discard a parked delivery, and publish an
 * event again. Works without `open`, and beside running services.
 */
export interface StoreInspection {
  /**
   * The inbox rows of a saga, oldest first.
   *
   * @param limit most rows; a saga may have any number. Default: all
   */
  journal(sagaId: string, limit?: number): Promise<readonly JournalRecord[]>;
  /**
   * The ids of the sagas with the latest inbox rows, newest first, at most `limit`. Reads the feed
   * backwards, so its cost does not grow with the store.
   */
  sagas(limit: number): Promise<readonly string[]>;
  /**
   * Sagas in the order of `SagaPlace`, the one that began last first. A page costs as much behind a
   * million sagas as at the beginning.
   */
  list(query: SagaQuery): Promise<readonly SagaPlace[]>;
  /**
   * All that the store has of each of some sagas, as of one moment of the saga. One that the store
   * does not know is absent. In any order.
   */
  histories(sagaIds: readonly string[]): Promise<readonly SagaHistory[]>;
  /** Deferred deliveries in one of these states, oldest first, at most `limit`. */
  deferred(states: readonly DeferredState[], limit: number): Promise<readonly Deferred[]>;
  counts(query?: CountsQuery): Promise<StoreCounts>;
  /** Makes a parked delivery due at once, with 0 attempts. Throws `NOT_PARKED`. */
  retry(seq: number): Promise<Deferred>;
  /**
   * Closes a parked or retrying delivery; the next one waiting behind it becomes due. The row
   * stays, with the reason. Throws `NOT_PARKED`.
   */
  discard(seq: number, reason: string): Promise<Deferred>;
  /**
   * Puts an event of this service into its outbox once more. No process holds the row, so the next
   * one that claims publishes it. A service that has handled the event ignores it.
   */
  republish(event: EventEnvelope): Promise<void>;
}

/** Orders sagas by their beginning, and by the bytes of their ids. */
export interface SagaPlace {
  /** When the saga began, as the store knows it: milliseconds since 1970. */
  readonly born: number;
  readonly sagaId: string;
}

/** What to count. */
export interface CountsQuery {
  /**
   * Whether to count what is deferred, which reads all of it: a quarter of a second for a million
   * deadlines on Postgres. Without it `StoreCounts.deferred` is empty.
   *
   * @default true
   */
  readonly deferred?: boolean;
}

/** Which sagas to list. */
export interface SagaQuery {
  /** Only sagas before this place: the last one of the page before. */
  readonly before?: SagaPlace | undefined;
  /** Most sagas. */
  readonly limit: number;
  /** Only sagas with a deferred delivery in one of these states, or with this correlation id. */
  readonly among?:
    | { readonly states: readonly DeferredState[] }
    | { readonly correlationId: string }
    | undefined;
}

/** What a store has of one saga. */
export interface SagaHistory extends SagaPlace {
  /** When it was last written to: milliseconds since 1970, on the database's clock. */
  readonly last: number;
  readonly correlationId: string;
  /** Its inbox rows, oldest first. */
  readonly journal: readonly JournalRecord[];
  /** Its deferred deliveries, oldest first. */
  readonly deferred: readonly Deferred[];
}

/** What the bus holds for a service, as the processes of the service have asked it. */
export interface BusBacklog {
  /** The most deliveries that a process has found, when it asked last. */
  readonly deliveries: number;
  /**
   * Milliseconds since the bus held nothing for the service: all that was published before has been
   * handled, put off, or lost. Absent if that is not known, such as after a process has died.
   */
  readonly emptyMs?: number | undefined;
}

/** Why a service does not hear its bus, as its processes have told. */
export interface BusFault {
  /** Of the error of the last attempt. */
  readonly code: string;
  /** Where the bus is, without credentials: `Bus.place`. */
  readonly place: string | undefined;
  /** Milliseconds since the bus was lost; of several processes, the first. */
  readonly sinceMs: number;
}

/** How many rows a store holds. */
export interface StoreCounts {
  /** Processes with a lease that has not run out. */
  readonly processes: number;
  /** Events in the outbox: committed here, and not yet acknowledged by the bus. */
  readonly outbox: number;
  /** Age of the oldest outbox row in milliseconds; 0 if there is none. */
  readonly outboxOldestMs: number;
  /** Deferred deliveries by state; a state without any is absent. */
  readonly deferred: Readonly<Partial<Record<DeferredState, number>>>;
  /** The time on the database's clock: milliseconds since 1970. */
  readonly at?: number | undefined;
  /** Absent while no process runs, or where the bus cannot tell. */
  readonly backlog?: BusBacklog | undefined;
  /** Absent while each process hears the bus, and while none runs. */
  readonly busFault?: BusFault | undefined;
}

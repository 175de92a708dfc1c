import type { StoredDeclaration } from "./declarations.ts";
import type { SagaHistory, StoreInspection } from "./inspection.ts";
import type { JournalRecord } from "./journal.ts";

/**
 * What an observer reads of one service: its database, with a role that need only read. Works
 * beside running services, and writes nothing but what a person asks for (`inspect.retry` and
 * `inspect.discard`, which need a role that may write).
 */
export interface JournalSource {
  readonly inspect: StoreInspection;
  /**
   * Whether a server does the reading, and has the work of the service to do as well: an observer
   * then asks less often while much happens.
   *
   * @default false
   */
  readonly isServed?: boolean;
  about(): Promise<SourceAbout>;
  /**
   * Reads the journal in the order of its feed, behind a place: each row once for each time that it
   * was written, also rows of transactions that commit late. Of a row that was written again in the
   * meantime, only the last version comes. At most `limit` rows.
   *
   * @param after `cursor` of the page before; undefined for the beginning
   */
  feed(after: string | undefined, limit: number): Promise<FeedPage>;
  /** Events that are committed and not yet confirmed by the bus, oldest first. */
  outbox(limit: number): Promise<readonly OutboxEvent[]>;
  close(): Promise<void>;
}

/** Whose database it is. */
export interface SourceAbout {
  readonly service: string;
  /** Every declaration that a version has run with, the one that was put last first. */
  readonly declarations: readonly StoredDeclaration[];
}

/** What a store has of a saga besides its rows. */
export type SagaFacts = Pick<SagaHistory, "born" | "last" | "correlationId">;

/** A row of the feed. */
export interface FeedRow extends JournalRecord {
  /** Absent where the store has forgotten the saga, or does not tell. */
  readonly saga?: SagaFacts | undefined;
}

/** A page of the feed. */
export interface FeedPage {
  readonly rows: readonly FeedRow[];
  /** Where the next page begins. Opaque: keep it with what the rows have led to. */
  readonly cursor: string;
  /** Whether there may be more rows now. */
  readonly more: boolean;
  /** Whether every row is known that was committed before the call. */
  readonly complete: boolean;
  /** The rows that have come, of this page and of those before: up to this `seq`, … */
  readonly upTo: number;
  /** … but for these, which may still come. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
}

/** An event in an outbox. */
export interface OutboxEvent {
  readonly id: string;
  readonly type: string;
  readonly sagaId: string;
  /** When it was committed: milliseconds since 1970, on the database's clock. */
  readonly at: number;
}

import type { Millis, Traffic } from "./common.ts";

export interface ServicesReply {
  readonly services: readonly ServiceRow[];
}

export interface ServiceRow {
  readonly name: string;
  /** Absent: its source can be read. Else the code of the error, and the counts are absent. */
  readonly problem?: string;
  /** When its source could first not be read. Absent: it can be read, or it fails just now. */
  readonly unreadSince?: Millis;
  /** Processes with a live lease. 0: it is not running. */
  readonly processes?: number;
  /** Of one without a process, as in `NodeLive`: whether it keeps sagas waiting. */
  readonly notRunning?: "awaited" | "idle";
  /** Events that are committed and not yet confirmed by the bus. */
  readonly outbox?: number;
  readonly outboxOldestMs?: number;
  /** Why it does not hear its bus, as a code. Absent: it does, or does not run. */
  readonly busLost?: string;
  /** Deliveries that the bus holds for it. Absent: the bus does not tell. */
  readonly backlog?: number;
  /** By how much its clock is ahead of the console's. Absent: by less than a second. */
  readonly clockAheadMs?: number;
  /** By state: `parked`, `retrying`, … A state without deliveries is absent. */
  readonly deferred?: Readonly<Record<string, number>>;
  /** The one that ran last first. */
  readonly versions: readonly ServiceVersion[];
  readonly reactions: readonly ReactionRow[];
}

export interface ServiceVersion {
  /** The first 12 characters of the manifest's hash. */
  readonly fingerprint: string;
  readonly first: Millis;
  readonly last: Millis;
  /**
   * Whether a process of the service runs, and it has this version: the one that was declared last,
   * or another one that wrote a row since then and in the last minute.
   */
  readonly running: boolean;
}

export interface ReactionRow extends Traffic {
  readonly name: string;
  readonly kind: "step" | "undo" | "join" | "deadline";
  readonly hears: readonly string[];
  /** Of the handler alone. Absent: nothing in a day. */
  readonly handlerP50Ms?: number;
  readonly handlerP99Ms?: number;
  /**
   * Deliveries that were closed in a day, also by a person, and those of them that had failed
   * before: they were retried or parked, as far as it was seen.
   */
  readonly handled: number;
  readonly failed: number;
}

/** The account of every event. */
export interface LedgerReply {
  /** Sums of `lines`. `emitted` = `handled` + `discarded` + `putOff` + `onItsWay` +
   * `unexplained`. */
  readonly emitted: number;
  readonly handled: number;
  /** Closed by a person, without being handled. */
  readonly discarded: number;
  readonly putOff: number;
  readonly onItsWay: number;
  /** 0: every event is accounted for. */
  readonly unexplained: number;
  readonly lines: readonly LedgerLine[];
  /** Whether all sources were read to their end. If not, the sums may be of different moments. */
  readonly complete: boolean;
}

/** The account of one event at one reaction. */
export interface LedgerLine {
  /** The event's type without its version. */
  readonly stem: string;
  readonly service: string;
  readonly reaction: string;
  readonly emitted: number;
  readonly handled: number;
  /** Closed by a person, without being handled. */
  readonly discarded: number;
  readonly putOff: number;
  readonly onItsWay: number;
  /** 0 where a service is unread on which the line depends. */
  readonly unexplained: number;
  /** Services on which the line depends, and that are not read to their end. Absent: none. */
  readonly unread?: readonly string[];
}

/** Every event of the choreography. */
export interface EventsReply {
  readonly events: readonly EventRow[];
}

export interface EventRow {
  readonly type: string;
  readonly summary?: string;
  readonly emitters: readonly string[];
  readonly hearers: readonly string[];
  readonly role?: "begins" | "succeeds" | "fails" | "external" | "arrives";
}

/** One event. */
export interface EventReply {
  readonly type: string;
  /** Absent: its contract has none. */
  readonly summary?: string;
  readonly role?: EventRow["role"];
  /** JSON Schema, as text. Absent: the contract's library does not write one. */
  readonly schema?: string;
  /** A payload that the schema allows, as text. Absent without a schema. */
  readonly example?: string;
  /** Fields that hold personal data. */
  readonly sensitive: readonly string[];
  readonly emitters: readonly EventPart[];
  readonly hearers: readonly EventHearer[];
}

export interface EventPart {
  readonly service: string;
  /** Absent for a beginning. */
  readonly reaction?: string;
  readonly how: "begins" | "emits" | "fails" | "late" | "parked" | "deadline" | "hears";
}

export interface EventHearer extends EventPart {
  /** The fields that its own view of the payload has. Absent: it has none of its own. */
  readonly reads?: readonly string[];
  /** The types that may follow at once. */
  readonly emits: readonly string[];
}

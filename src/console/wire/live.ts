import type { Millis, Traffic, VerdictCounts } from "./common.ts";
import type { DevFailed } from "./dev.ts";
import type { Job } from "./parked.ts";

/**
 * One event of the stream `live`, at most one a second. The first has every field that is known;
 * later ones have only the fields that differ. A field takes the place of the former one as a
 * whole, but for `nodes` and `edges`: there each entry does.
 */
export interface Live {
  readonly now: Millis;
  /** How long ago the projection had all that the journals had. Absent: not yet once. */
  readonly behindMs?: number;
  /**
   * The sources that cannot be read now. The others go on; a saga that may have a part in one of
   * them says so. The service is "" if the name is not known yet, or if nothing can be written.
   */
  readonly unread?: readonly {
    readonly service: string;
    readonly code: string;
    /** When it could first not be read. Absent: the projection cannot be written. */
    readonly since?: Millis;
  }[];
  /** The services of the choreography that are not read: no source of them was named. */
  readonly unnamed?: readonly string[];
  /** The buses that services do not hear. Nothing is lost: their events wait. */
  readonly lostBuses?: readonly LostBus[];
  /** In `odori dev`, why the services have ended; empty while they run or start. */
  readonly failures?: readonly DevFailed[];
  readonly totals?: VerdictCounts;
  /** Of the ledger; `unexplained` is 0 if every event is accounted for. */
  readonly ledger?: { readonly emitted: number; readonly unexplained: number };
  /** By `MapNode.id`, of the map that the query of `live` names. */
  readonly nodes?: Readonly<Record<string, NodeLive>>;
  /** By `MapEdge.id`, of the same map. */
  readonly edges?: Readonly<Record<string, EdgeLive>>;
  /** Number of the last change: if it differs, what is shown of sagas and services is old. */
  readonly change?: number;
  /** Fingerprint of the choreography; "" while none is known. */
  readonly choreography?: string;
  /** Findings of the proof that are errors. Absent: the proof was not asked for yet. */
  readonly proofErrors?: number;
  /** Jobs that run, and those that have ended a moment ago. */
  readonly jobs?: readonly Job[];
}

export interface LostBus {
  /** Where it is, without credentials. Absent: it has no place. */
  readonly place?: string;
  readonly code: string;
  readonly since: Millis;
  readonly services: readonly string[];
  /** Events that wait in the outboxes of these services. */
  readonly waiting: number;
}

/** What a service, or a reaction, does now. */
export interface NodeLive {
  /** Deliveries handled a second, over the last five minutes. */
  readonly perSecond: number;
  /** The sagas that wait for it, or came to rest at it, by verdict. */
  readonly waiting: VerdictCounts;
  /** True: it is not read now, so nothing says what it does, nor who waits. Absent: it is. */
  readonly unread?: true;
  /**
   * It has no live process. `awaited`: a saga waits for it, or an event in its outbox. Absent: it
   * runs, or that is not known.
   */
  readonly notRunning?: "awaited" | "idle";
}

/** What goes over an edge now. */
export interface EdgeLive extends Traffic {
  /** The sagas of which an event of this edge is open, or is where they rest, by verdict. */
  readonly open: VerdictCounts;
}

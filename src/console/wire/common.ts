/** A time: milliseconds since 1970. Of a row, on the clock of the database that has it. */
export type Millis = number;

/** What is said of a saga; of several, the first that holds. */
export type Verdict =
  | "illegal"
  | "doomed"
  | "parked"
  | "succeeded"
  | "undone"
  | "at risk"
  | "unheard"
  | "retrying"
  | "late"
  | "running"
  | "waiting"
  | "stuck"
  | "rest";

/** How many sagas have each verdict. A verdict that no saga has is absent. */
export type VerdictCounts = Readonly<Partial<Record<Verdict, number>>>;

/** A reply that is not 2xx. */
export interface Failure {
  readonly error: {
    /** Stable: `TOKEN_REFUSED`, `NOT_ALLOWED`, `SAGA_UNKNOWN`, `STORE_UNAVAILABLE`, … */
    readonly code: string;
    /** What happened and what to do, in English. Without names of hosts, or credentials. */
    readonly message: string;
  };
}

/** How many deliveries an edge or a reaction had in the last minutes, and how long they took. */
export interface Traffic {
  /** Deliveries a second, over the last five minutes. */
  readonly perSecond: number;
  /** From the commit of the emitter to that of the hearer. Absent: nothing in a day. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** A delivery that has not come to its end: why a saga waits. */
export interface OpenDelivery {
  readonly service: string;
  readonly reaction: string;
  readonly type: string;
  /**
   * `on its way`: committed by its emitter; `where` says how far it has come. `unheard`: in no
   * outbox and not on the bus, and not heard.
   */
  readonly state: "armed" | "retrying" | "waiting" | "parked" | "on its way" | "unheard";
  readonly since: Millis;
  /** Of `armed` and `retrying`. */
  readonly due?: Millis;
  /**
   * Of `on its way`, in a reply about one saga. `bus`: in no outbox, and the bus holds something
   * for the service. `unknown`: in no outbox, and the bus does not tell, or has told of nothing
   * yet.
   */
  readonly where?: "outbox" | "bus" | "unknown";
  /** In a reply about one saga: a service without a live process, which it waits for. */
  readonly notRunning?: string;
  /** The id of its delivery, as actions take it: `payment/3`. Absent for `on its way`. */
  readonly id?: string;
  /** Of `unheard`: the event, as `republish` takes it, and whether its payload is kept. */
  readonly missed?: { readonly event: string; readonly kept: boolean };
  /** Of a deferred delivery, in a reply about one saga. */
  readonly attempts?: number;
  /** Of `retrying` and `parked`, in a reply about one saga. */
  readonly problem?: { readonly code: string; readonly message: string };
  /** Of a deferred delivery in a reply about one saga, if payloads are allowed. */
  readonly payload?: Payload;
}

/** The payload of an event. */
export interface Payload {
  /** JSON, or the text of a message that could not be read. Never to be taken as HTML. */
  readonly text: string;
  /** JSON pointers of the fields that are declared sensitive; `text` has "…" there. */
  readonly masked: readonly string[];
  /** True if `text` was cut: it was longer than 64 KiB. */
  readonly cut: boolean;
}

import type { Verdict } from "./common.ts";

/** What `odori dev` adds to a console: sagas to begin, and faults. */
export interface DevReply {
  readonly forms: readonly DevForm[];
  readonly faults: readonly DevFault[];
  /** What a fault of each service may name. */
  readonly places: readonly DevPlace[];
  /** Moments of a delivery at which a fault may end the process. */
  readonly points: readonly string[];
  /** How many sagas were begun, and the last of them, the last first. */
  readonly begun: { readonly count: number; readonly last: readonly DevBegunSaga[] };
}

/** What a fault of a service may name. */
export interface DevPlace {
  readonly service: string;
  /** Types of the events that it hears. */
  readonly events: readonly string[];
  /** Its reactions and deadlines, which only `throw` and `park` strike. */
  readonly reactions: readonly string[];
}

/** Why services have ended that start again only with a change of a source. */
export interface DevFailed {
  readonly code: string;
  readonly message: string;
}

/** How a saga begins. */
export interface DevForm {
  readonly service: string;
  readonly type: string;
  /** JSON Schema of the payload. Absent: the library of the schema cannot express it. */
  readonly schema?: Readonly<Record<string, unknown>>;
}

/** A fault that is set, as `odori dev` names it. */
export interface DevFault {
  readonly kind: "throw" | "park" | "delay" | "twice" | "hold" | "kill";
  readonly service: string;
  /** An event or a reaction. Absent: every one of the service. */
  readonly at?: string;
  /** Of `throw` and `park`. */
  readonly times?: number;
  /** Of `delay`. */
  readonly ms?: number;
  /** Of `kill`. */
  readonly point?: string;
}

/** A saga to begin. */
export interface DevBegin {
  readonly type: string;
  readonly payload: unknown;
  /** Absent: a new id. */
  readonly sagaId?: string;
}

export interface DevBegun {
  readonly sagaId: string;
  /** False: a saga of this id had begun before. */
  readonly begun: boolean;
}

/** A saga that was begun, and where it stands. */
export interface DevBegunSaga extends DevBegun {
  /** Absent: the observer has not read of it yet. */
  readonly verdict?: Verdict;
}

export interface DevFaults {
  readonly faults: readonly DevFault[];
}

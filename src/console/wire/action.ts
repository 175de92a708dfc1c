import type { Millis } from "./common.ts";

/** What people have done here, the last first, at most 500. */
export interface ActionsReply {
  readonly actions: readonly Action[];
}

export interface Action {
  readonly at: Millis;
  readonly action: "retry" | "discard" | "republish";
  /** `payment/3`; of `republish` the service and the id of the event. */
  readonly id: string;
  /** Absent: the delivery was not known. */
  readonly sagaId?: string;
  /** Of `discard`. */
  readonly reason?: string;
  /** Absent: it was done. Else the code of an error, or `ACTION_UNFINISHED`. */
  readonly failed?: string;
  /** Of `retry`: the delivery was parked again. Absent: it was not, as far as it is known. */
  readonly parkedAgain?: boolean;
}

/** Codes of what exploring finds. */
export type BehaviourCode =
  | "STUCK"
  | "MIXED_END"
  | "DOUBLE_END"
  | "ORPHAN"
  | "NO_UNDO"
  | "UNDONE_ON_SUCCESS"
  | "ONE_OF"
  | "EMPTY_ROLLBACK"
  | "HANGING"
  | "DOUBLE_EFFECT"
  | "DOUBLE_COMPENSATION"
  | "UNDO_ORDER"
  | "AFTER_PIVOT"
  | "LOCK_LEAK"
  | "PARKED_STUCK"
  | "UNBOUNDED_LOOP";

/** A rule that some state, or some transition, breaks. */
export interface Violation {
  readonly code: BehaviourCode;
  readonly message: string;
  readonly service: string | undefined;
  readonly event: string | undefined;
}

/** The same rule broken in the same place is one finding, however many ways lead there. */
export function violationKey({ code, service, event }: Violation): string {
  return `${code} ${service} ${event}`;
}

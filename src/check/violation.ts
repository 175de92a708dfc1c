/** Codes of the findings of exploration. */
export type BehaviourCode =
  | "STUCK"
  | "MIXED_END"
  | "DOUBLE_END"
  | "ORPHAN"
  | "NO_UNDO"
  | "EARLY_END"
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

/** Describes a rule that a state or a transition breaks. */
export interface Violation {
  readonly code: BehaviourCode;
  readonly message: string;
  readonly service: string | undefined;
  readonly event: string | undefined;
  /** Of `EARLY_END`: the end that was emitted. */
  readonly end?: string;
}

/** Identifies a violation by code and place: all paths to it make one finding. */
export function violationKey({ code, service, event, end }: Violation): string {
  const place = `${code} ${service} ${event}`;
  return end === undefined ? place : `${place} ${end}`;
}

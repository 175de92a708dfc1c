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
  | "UNBOUNDED_LOOP"
  | "EFFECT_GONE"
  | "DEADLINE_GONE"
  | "REACTION_GONE"
  | "DEDUP_LOST";

/** Describes a rule that a state or a transition breaks. */
export interface Violation {
  readonly code: BehaviourCode;
  readonly message: string;
  readonly service: string | undefined;
  readonly event: string | undefined;
  /** Of `EARLY_END`: the end that was emitted. */
  readonly end?: string;
  /** Tells it from others of the same code and place: the lock, the group, the other effect. */
  readonly detail?: string | undefined;
}

/** Identifies a violation by code, place and detail: all paths to it make one finding. */
export function violationKey({ code, service, event, end, detail }: Violation): string {
  const place = `${code} ${service} ${event}`;
  return [place, end, detail].filter((part) => part !== undefined).join(" ");
}

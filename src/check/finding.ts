import type { BehaviourCode } from "./violation.ts";

export type Severity = "error" | "warning";

/** Codes of what the declarations show by themselves. */
export type StaticCode =
  | "UNHEARD"
  | "NEVER_EMITTED"
  | "FOREIGN_UNDO"
  | "UNKNOWN_EFFECT"
  | "CONTRADICTION"
  | "DEAD_REACTION"
  | "NO_SUCCESS"
  | "BAD_SUPPRESSION"
  | "UNKNOWN_LINKS"
  | "NOT_EXHAUSTIVE";

export type LintCode =
  | "NAME_GRAMMAR"
  | "COMMAND_NAME"
  | "VAGUE_NAME"
  | "SYNONYM"
  | "FOREIGN_EMIT"
  | "PROLIFERATION"
  | "FAT_PAYLOAD"
  | "PERSONAL_DATA"
  | "NO_KEY"
  | "HANDLER_WITHOUT_DEADLINE";

export type FindingCode = BehaviourCode | StaticCode | LintCode;

/** One step of a counterexample. */
export interface CounterexampleStep {
  /** Null for what comes from outside. */
  readonly service: string | null;
  /** Null where nothing was heard: a beginning, a deadline that fires, an event from outside. */
  readonly hears: string | null;
  readonly emits: readonly string[];
  /** What the service did about it. */
  readonly does: TraceAction;
  /** The effect that was done, undone or barred. */
  readonly effect?: string;
}

export type TraceAction =
  | "begins"
  | "arrives"
  | "does"
  | "refuses"
  | "undoes"
  | "has nothing to undo"
  | "is late"
  | "waits for more"
  | "gives up"
  | "arms a deadline"
  | "calls a deadline off"
  | "has waited too long";

/** A change that makes the finding go away: it was made, and checked. */
export type Repair =
  /** Lets a reaction hear more; `undoes` names an undo, `on` what any other reaction hears. */
  | {
      readonly service: string;
      readonly undoes?: string;
      readonly on?: readonly string[];
      readonly alsoOn: readonly string[];
    }
  /** Adds an undo. */
  | { readonly service: string; readonly addUndo: string; readonly on: readonly string[] }
  /** Lets the first of several reactions win. */
  | { readonly service: string; readonly once: string; readonly reactions: readonly string[] }
  /** Bounds a loop. */
  | { readonly service: string; readonly reaction: string; readonly max: number };

export interface Place {
  readonly service?: string;
  readonly event?: string;
  readonly reaction?: string;
}

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly message: string;
  /** What to do about it, in one sentence; behaviour has repairs instead. */
  readonly hint?: string;
  readonly at: Place;
  readonly trace?: readonly CounterexampleStep[];
  readonly repairs?: readonly Repair[];
}

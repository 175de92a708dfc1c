import type { BehaviourCode } from "./violation.ts";

/** Ranks a finding: only errors make a report fail. */
export type Severity = "error" | "warning";

/** Codes of findings that follow from the declarations, without exploration. */
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

/** Codes of the lint rules. */
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
  | "TOPIC_COLLISION"
  | "HANDLER_WITHOUT_DEADLINE";

/** Codes of every finding. They are stable. */
export type FindingCode = BehaviourCode | StaticCode | LintCode;

/** Describes one step of a counterexample. */
export interface CounterexampleStep {
  /** Null for an event from outside. */
  readonly service: string | null;
  /** Null for a beginning, a deadline that fires, and an event from outside. */
  readonly hears: string | null;
  readonly emits: readonly string[];
  /** What the service does with the event. */
  readonly does: TraceAction;
  /** The effect that this step does, undoes or bars. */
  readonly effect?: string;
}

/** Says what a service does in one step of a counterexample. */
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
  /** Its marks are older than retention, so the delivery is parked. */
  | "has forgotten the saga"
  | "arms a deadline"
  | "calls a deadline off"
  | "has waited too long";

/** Describes a verified change: with it, exploration no longer finds the violation. */
export type Repair =
  /** Lets a reaction hear more events: an undo (`undoes`), or a step that hears `on` now. */
  | {
      readonly service: string;
      readonly undoes?: string;
      readonly on?: readonly string[];
      readonly alsoOn: readonly string[];
    }
  /** Adds an undo. */
  | { readonly service: string; readonly addUndo: string; readonly on: readonly string[] }
  /** Lets the first of several reactions win (`firstOf` in code). */
  | { readonly service: string; readonly once: string; readonly reactions: readonly string[] }
  /** Bounds a loop. */
  | { readonly service: string; readonly reaction: string; readonly max: number };

/** Names the element that a finding is about. All fields are absent for the whole choreography. */
export interface Place {
  readonly service?: string;
  readonly event?: string;
  readonly reaction?: string;
}

/** Reports one problem of a choreography. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly message: string;
  /** What to do about it, in one sentence. Counterexamples have repairs instead. */
  readonly hint?: string;
  readonly at: Place;
  /** The shortest counterexample that was found. */
  readonly trace?: readonly CounterexampleStep[];
  /** Verified repairs, the most likely first. */
  readonly repairs?: readonly Repair[];
}

import type { BehaviourCode } from "./violation.ts";

/** Ranks a finding: only errors make a report fail. Information asks for nothing. */
export type Severity = "error" | "warning" | "information";

/** Codes of findings that follow from the declarations, without exploration. */
export type StaticCode =
  | "UNHEARD"
  | "NEVER_EMITTED"
  | "FOREIGN_UNDO"
  | "UNKNOWN_EFFECT"
  | "UNKNOWN_NAME"
  | "CONTRADICTION"
  | "LINKS_UNKNOWN"
  | "LINKS_INCOMPLETE"
  | "DEAD_REACTION"
  | "NO_SUCCESS"
  | "EMPTY_UNDO_TOLD"
  | "DEADLINE_OUTLIVES_END"
  | "BAD_SUPPRESSION"
  | "UNKNOWN_LINKS"
  | "NOT_EXHAUSTIVE";

/** Codes of the lint rules. */
export type LintCode =
  | "NAME_GRAMMAR"
  | "COMMAND_NAME"
  | "UNFINISHED_NAME"
  | "NOT_A_FACT"
  | "VAGUE_NAME"
  | "TECHNICAL_NAME"
  | "TWO_FACTS"
  | "REPEATED_DOMAIN"
  | "NAME_LANGUAGE"
  | "SYNONYM"
  | "FOREIGN_EMIT"
  | "OUTSIDER"
  | "PROLIFERATION"
  | "FAT_PAYLOAD"
  | "PERSONAL_DATA"
  | "ENVELOPE_FIELD"
  | "FLOAT_MONEY"
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
  /** Why the service suppresses the delivery. */
  readonly why?: string;
  /** True if the other version has handled the message before, and it comes again. */
  readonly again?: true;
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
  | "suppresses it"
  | "waits for more"
  | "gives up"
  /** Its marks are older than retention, so the delivery is parked. */
  | "has forgotten the saga"
  | "arms a deadline"
  | "calls a deadline off"
  | "has waited too long"
  | "drops a deadline"
  | "takes it"
  | "starts"
  | "stops";

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
  /** The list of the manifest or the choreography that has the event. */
  readonly list?:
    | "succeeds"
    | "fails"
    | "external"
    | "arrives"
    | "events"
    | "pivots"
    | "undoOrder"
    | "oneOf"
    | "locks"
    | "alsoHears"
    | "alsoEmits";
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

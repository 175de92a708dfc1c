/** What `odori check` says of the choreography. */
export type ProofReply =
  /** No choreography was named, or it does not say how sagas end: there is nothing to prove. */
  | { readonly state: "none" }
  /** It is being explored: ask again in a second. */
  | { readonly state: "running" }
  | {
      readonly state: "done";
      /** Whether no finding is an error, and every reachable state was explored. */
      readonly ok: boolean;
      readonly complete: boolean;
      readonly states: number;
      /** What the proof assumes. Empty where a finding is an error: then nothing is proved. */
      readonly assumed: readonly ProofAssumption[];
      /** Sagas that have not ended. Absent: no finding is an error. */
      readonly live?: number;
      /** How many of them were looked into: at most 200, the ones that began last. */
      readonly looked?: number;
      readonly findings: readonly ProofFinding[];
    };

export interface ProofAssumption {
  readonly code: string;
  readonly message: string;
}

export interface ProofFinding {
  readonly code: string;
  readonly severity: "error" | "warning" | "information";
  readonly message: string;
  readonly hint?: string;
  readonly service?: string;
  readonly event?: string;
  readonly reaction?: string;
  /** A counterexample. Absent: the finding follows from the declarations alone. */
  readonly trace?: readonly TraceStep[];
  /** Changes that were tried, and with which the finding is gone, in words. */
  readonly repairs: readonly string[];
  /** `MapEdge.id` of the edges that the counterexample takes, at the level of services. */
  readonly edges: readonly string[];
  /** Of the sagas that were looked into: those that may still break this rule, there. */
  readonly sagas: number;
  /** Ids of some of these, at most 5, the one that began last first. */
  readonly examples: readonly string[];
}

export interface TraceStep {
  /** Absent: an event from outside. */
  readonly service?: string;
  /** Absent: a beginning, a deadline that passes, or an event from outside. */
  readonly hears?: string;
  readonly emits: readonly string[];
  /** What it does: `begins`, `does`, `refuses`, `undoes`, `gives up`, … */
  readonly does: string;
  readonly effect?: string;
  readonly why?: string;
}

import type { FlowGraph } from "../../manifest/graph.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import type { LintCode, Place } from "../finding.ts";

/** What a rule looks at. */
export interface Subject {
  readonly manifest: Manifest;
  readonly graph: FlowGraph;
  readonly limits: Limits;
}

/** Where a rule draws its lines. */
export interface Limits {
  /** Fields of a payload, at all depths. */
  readonly fieldsMax: number;
  /** Objects within objects. */
  readonly depthMax: number;
  /** Event types of a service for each thing that it reacts to. */
  readonly typesPerReactionMax: number;
}

/** Keys, an amount and a reason need few fields; what has twenty is an entity. */
export const LIMITS: Limits = { fieldsMax: 20, depthMax: 3, typesPerReactionMax: 3 };

/** A place where a rule is broken. */
export interface LintProblem {
  readonly code: LintCode;
  readonly message: string;
  readonly at: Place;
}

export interface Rule {
  readonly code: LintCode;
  readonly severity: "error" | "warning";
  /** Why it is a rule, in one line. */
  readonly reason: string;
  readonly hint: string;
}

import type { FlowGraph } from "../../manifest/graph.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import type { LintCode, Place } from "../finding.ts";

/** Holds the input of a lint rule. */
export interface Subject {
  readonly manifest: Manifest;
  readonly graph: FlowGraph;
  readonly limits: Limits;
}

/** Sets the limits of the lint rules. */
export interface Limits {
  /** Fields of a payload, at all depths.
   * @default 20
   */
  readonly fieldsMax: number;
  /** Levels of nested objects in a payload.
   * @default 3
   */
  readonly depthMax: number;
  /** Event types of a service per beginning, reaction and deadline.
   * @default 3
   */
  readonly typesPerReactionMax: number;
}

/** Default limits. Keys, an amount and a reason need few fields; twenty make an entity. */
export const LIMITS: Limits = { fieldsMax: 20, depthMax: 3, typesPerReactionMax: 3 };

/** Reports a place where a lint rule is broken. */
export interface LintProblem {
  readonly code: LintCode;
  readonly message: string;
  readonly at: Place;
  /** True if it is about names of others, which are not ours to change: information. */
  readonly foreign?: boolean;
  /** What to do about this one. Absent if the hint of the rule says it. */
  readonly hint?: string;
}

/** Describes a lint rule. */
export interface Rule {
  readonly code: LintCode;
  readonly severity: "error" | "warning";
  /** Why the rule exists, in one line. */
  readonly reason: string;
  /** What to do about a broken rule, in one line. */
  readonly hint: string;
}

import type { FlowGraph } from "../../manifest/graph.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import type { Finding, LintCode } from "../finding.ts";
import { nameProblems } from "./names.ts";
import { outsiderProblems } from "./outsiders.ts";
import { ownershipProblems } from "./ownership.ts";
import { payloadProblems } from "./payload.ts";
import { LIMITS, type Limits } from "./rule.ts";
import { RULES } from "./rules.ts";
import { topicProblems } from "./topics.ts";
import { waitingProblems } from "./waiting.ts";

/** Sets a lint rule to a severity, or off. */
export type RuleSeverity = "off" | "warning" | "error";

/** Options of `lint`. */
export interface LintOptions {
  /** Overrides the severities of rules. */
  readonly rules?: Partial<Readonly<Record<LintCode, RuleSeverity>>>;
  /** Overrides limits. */
  readonly limits?: Partial<Limits>;
}

/**
 * Checks the names, owners, payloads and waits of a choreography against the lint rules.
 *
 * @example
 * ```ts
 * import { lint } from "odori/check";
 * import { flowGraph, manifestOf } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * const manifest = manifestOf(order);
 * const findings = lint(manifest, flowGraph(manifest), { rules: { SYNONYM: "off" } });
 * ```
 */
export function lint(
  manifest: Manifest,
  graph: FlowGraph,
  { rules = {}, limits = {} }: LintOptions = {},
): readonly Finding[] {
  const subject = { manifest, graph, limits: { ...LIMITS, ...limits } };
  const problems = [
    nameProblems,
    ownershipProblems,
    outsiderProblems,
    payloadProblems,
    topicProblems,
    waitingProblems,
  ].flatMap((look) => look(subject));
  return problems.flatMap(({ code, message, at, hint, foreign }): readonly Finding[] => {
    const broken = RULES.find((rule) => rule.code === code);
    if (broken === undefined) return [];
    const severity = rules[code] ?? (foreign === true ? "information" : broken.severity);
    if (severity === "off") return [];
    return [{ code, severity, message, hint: hint ?? broken.hint, at }];
  });
}

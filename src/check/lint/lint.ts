import type { FlowGraph } from "../../manifest/graph.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import type { Finding, LintCode } from "../finding.ts";
import { nameProblems } from "./names.ts";
import { ownershipProblems } from "./ownership.ts";
import { payloadProblems } from "./payload.ts";
import { LIMITS, type Limits, type Rule } from "./rule.ts";
import { topicProblems } from "./topics.ts";
import { waitingProblems } from "./waiting.ts";

/** Lists the lint rules with their reasons. A rule is an error if the runtime refuses the same. */
export const RULES: readonly Rule[] = [
  rule(
    "NAME_GRAMMAR",
    "error",
    "With one grammar, every event has exactly one place in the dictionary.",
    "Write <domain>.<fact>.v<N> in lower-case snake_case: payment.authorized.v1.",
  ),
  rule(
    "COMMAND_NAME",
    "warning",
    "An event states what happened. A command couples its sender to its receiver.",
    "Name the fact in the past tense: payment.authorized, not authorize_payment.",
  ),
  rule(
    "VAGUE_NAME",
    "warning",
    "A name that fits every event tells the reader nothing.",
    "Name what happened: order.address_corrected, not order.changed.",
  ),
  rule(
    "SYNONYM",
    "warning",
    "With two names for one fact, consumers must guess which one to hear.",
    "Keep one name, or give each event a summary that says how they differ.",
  ),
  rule(
    "FOREIGN_EMIT",
    "warning",
    "The service that emits an event owns its meaning. An event needs exactly one owner.",
    "Let the owner of the domain emit it, or rename it into the domain of this service.",
  ),
  rule(
    "PROLIFERATION",
    "warning",
    "Too many event types are hard to follow and to version.",
    "Merge events that always travel together, or split the service.",
  ),
  rule(
    "FAT_PAYLOAD",
    "warning",
    "A payload with whole entities couples every consumer to the producer's tables.",
    "Send keys, and the values that the next step needs.",
  ),
  rule(
    "PERSONAL_DATA",
    "warning",
    "Logs and the databases of all consumers keep copies of every payload.",
    "Send a key instead, or list the field in sensitive if it is meant to travel.",
  ),
  rule(
    "NO_KEY",
    "warning",
    "Without an identifier, a consumer cannot tell what the event is about.",
    "Add the identifier of the entity that the event is about.",
  ),
  rule(
    "TOPIC_COLLISION",
    "error",
    "Kafka refuses a topic whose name differs from another one only by dots and underscores.",
    "Rename one of them. Without Kafka the rule may be off.",
  ),
  rule(
    "HANDLER_WITHOUT_DEADLINE",
    "warning",
    "An event from outside may never arrive, and the saga then waits for ever.",
    "Add a deadline that lists the event in unless.",
  ),
];

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
    payloadProblems,
    topicProblems,
    waitingProblems,
  ].flatMap((look) => look(subject));
  return problems.flatMap(({ code, message, at, foreign }): readonly Finding[] => {
    const broken = RULES.find((rule) => rule.code === code);
    if (broken === undefined) return [];
    const severity = rules[code] ?? (foreign === true ? "information" : broken.severity);
    return severity === "off" ? [] : [{ code, severity, message, hint: broken.hint, at }];
  });
}

function rule(code: LintCode, severity: Rule["severity"], reason: string, hint: string): Rule {
  return { code, severity, reason, hint };
}

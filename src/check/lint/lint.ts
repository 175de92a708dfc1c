import type { FlowGraph } from "../../manifest/graph.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import type { Finding, LintCode } from "../finding.ts";
import { nameProblems } from "./names.ts";
import { ownershipProblems } from "./ownership.ts";
import { payloadProblems } from "./payload.ts";
import { LIMITS, type Limits, type Rule } from "./rule.ts";
import { waitingProblems } from "./waiting.ts";

/**
 * The rules, with what they are good for. What the runtime itself would refuse is an error; the
 * rest is advice.
 */
export const RULES: readonly Rule[] = [
  rule(
    "NAME_GRAMMAR",
    "error",
    "One grammar keeps the dictionary of events from collapsing.",
    "Write <domain>.<fact>.v<N>, lower case, snake_case words: payment.authorized.v1.",
  ),
  rule(
    "COMMAND_NAME",
    "warning",
    "An event tells what happened; an order couples whoever gives it to whoever obeys.",
    "Name the fact in the past tense: payment.authorized, not authorize_payment.",
  ),
  rule(
    "VAGUE_NAME",
    "warning",
    "A name that fits everything tells nothing.",
    "Say what happened: order.address_corrected, not order.changed.",
  ),
  rule(
    "SYNONYM",
    "warning",
    "Two names for one thing make every consumer guess which to hear.",
    "Keep one, or give both a summary that says how they differ.",
  ),
  rule(
    "FOREIGN_EMIT",
    "warning",
    "Who emits an event owns its meaning; two owners have none.",
    "Let the owner of the domain emit it, or name the event in the service's own domain.",
  ),
  rule(
    "PROLIFERATION",
    "warning",
    "More events than things to say are hard to follow and to version.",
    "Merge what always travels together, or split the service.",
  ),
  rule(
    "FAT_PAYLOAD",
    "warning",
    "A payload with whole entities couples every consumer to the producer's tables.",
    "Send keys, and what the next step needs.",
  ),
  rule(
    "PERSONAL_DATA",
    "warning",
    "What travels is copied into every log and every consumer's database.",
    "Send a key instead, or name the field in the event's sensitive list.",
  ),
  rule(
    "NO_KEY",
    "warning",
    "Without an identifier nobody can tell what the event is about.",
    "Add the identifier of what it is about.",
  ),
  rule(
    "HANDLER_WITHOUT_DEADLINE",
    "warning",
    "What comes from outside may never come, and the saga then waits for ever.",
    "Add a deadline with the event in unless.",
  ),
];

export type RuleSeverity = "off" | "warning" | "error";

export interface LintOptions {
  /** Severities other than the rules' own. */
  readonly rules?: Partial<Readonly<Record<LintCode, RuleSeverity>>>;
  readonly limits?: Partial<Limits>;
}

/** Holds the names, the owners and the payloads of a choreography against the rules. */
export function lint(
  manifest: Manifest,
  graph: FlowGraph,
  { rules = {}, limits = {} }: LintOptions = {},
): readonly Finding[] {
  const subject = { manifest, graph, limits: { ...LIMITS, ...limits } };
  const problems = [nameProblems, ownershipProblems, payloadProblems, waitingProblems].flatMap(
    (look) => look(subject),
  );
  return problems.flatMap(({ code, message, at }): readonly Finding[] => {
    const broken = RULES.find((rule) => rule.code === code);
    const severity = rules[code] ?? broken?.severity ?? "warning";
    return severity === "off" || broken === undefined
      ? []
      : [{ code, severity, message, hint: broken.hint, at }];
  });
}

function rule(code: LintCode, severity: Rule["severity"], reason: string, hint: string): Rule {
  return { code, severity, reason, hint };
}

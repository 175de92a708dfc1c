import type { Finding } from "../../check/finding.ts";
import { RULES } from "../../check/lint/rules.ts";
import { findingPage } from "../../contract/docs-address.ts";
import { FOUND, NOT_PROVED } from "../output.ts";
import type { LocatedReport } from "./located.ts";

/** The result of a check in one line, and the exit status that says the same. */
export interface Verdict {
  readonly kind: "proved" | "found" | "not proved";
  /** The first words, which may be coloured. */
  readonly head: string;
  readonly rest: string;
  readonly status: number;
}

/** Sums a report up. */
export function verdictOf({ ok, findings, explored, suppressed }: LocatedReport): Verdict {
  const number = (severity: string) =>
    findings.filter((finding) => finding.severity === severity).length;
  const errors = number("error");
  const accepted = suppressed.length === 0 ? "" : `, ${suppressed.length} accepted`;
  const more = `${count(number("warning"), "warning")}${accepted}`;
  const states = `${count(explored.states, "state")}, ${count(explored.transitions, "transition")}`;
  const how = `${states}, ${explored.milliseconds} ms`;
  if (errors > 0) {
    const limit = explored.exhaustive ? "" : ", not exhaustive";
    const rest = `, ${more} (${how}${limit})`;
    return { kind: "found", head: `✗ ${count(errors, "error")}`, rest, status: FOUND };
  }
  if (ok) {
    const rest = `, in any order, with duplicates and failures (${how}); ${more}`;
    return { kind: "proved", head: "✓ every saga ends well", rest, status: 0 };
  }
  const head = "? not proved: no errors found, but the exploration is not exhaustive";
  return { kind: "not proved", head, rest: ` (${how}); ${more}`, status: NOT_PROVED };
}

/** Says what the proof assumes; undefined if nothing, or if an error was found. */
export function assumedText(report: LocatedReport): string | undefined {
  const { assumptions } = report;
  if (assumptions.length === 0 || verdictOf(report).kind === "found") return undefined;
  return `Assumed: ${assumptions.map(({ message }) => message).join("; ")}.`;
}

/** Says which findings about behaviour the choreography accepts, and why. */
export function acceptedTexts({ suppressed }: LocatedReport): readonly string[] {
  return suppressed
    .filter(({ code }) => !RULES.some((rule) => rule.code === code))
    .map(({ code, message, reason }) => `Accepted: ${code}, ${message}: ${reason}.`);
}

/** Writes a number with its noun: `1 state`, `1,425 states`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Says where each code that asks for a change is explained: a line a code. */
export function seeTexts(findings: readonly Pick<Finding, "code" | "severity">[]): string[] {
  const codes = findings.filter(({ severity }) => severity !== "information");
  return [...new Set(codes.map(({ code }) => `See ${findingPage(code)}`))];
}

import { repairText } from "../../check/repair-text.ts";
import { sequenceMermaid, sequenceText } from "../../draw/sequence.ts";
import { flowGraph } from "../../manifest/graph.ts";
import type { Paint } from "../../text/paint.ts";
import { printable } from "../../text/printable.ts";
import { shortType } from "../../text/short.ts";
import {
  type FindingGroup,
  findingGroups,
  type LocatedFinding,
  type LocatedReport,
  type ReportSubject,
} from "./located.ts";
import { acceptedTexts, assumedText, count, seeTexts, verdictOf } from "./verdict.ts";

/** Options of `textReport`. */
export interface TextReportOptions {
  readonly paint: Paint;
  /** True for counterexamples in the notation of Mermaid. */
  readonly mermaid: boolean;
}

/** Writes a report for a terminal. */
export function textReport(
  { manifest, report }: ReportSubject,
  { paint, mermaid }: TextReportOptions,
): string {
  const { choreography, findings, crashes } = report;
  const { types } = flowGraph(manifest);
  const size = `${count(manifest.services.size, "service")}, ${count(types.length, "event")}`;
  const lines = [`${paint.bold(printable(choreography))}: ${size}`];
  for (const group of findingGroups(findings)) lines.push("", ...groupText(group, paint, mermaid));
  lines.push("");
  if (crashes !== undefined) {
    const reach = crashes.exhaustive ? "exhaustive" : "not exhaustive";
    const model = `${count(crashes.states, "state")}, ${reach}, one process may crash at any point`;
    lines.push(paint.dim(`Crash model: ${model}.`));
  }
  return `${[...lines, ...verdictText(report, paint)].join("\n")}\n`;
}

function verdictText(report: LocatedReport, paint: Paint): readonly string[] {
  const { kind, head, rest } = verdictOf(report);
  const tone = kind === "proved" ? paint.good : paint.bad;
  const see = seeTexts(report.findings);
  const more = [...acceptedTexts(report), assumedText(report) ?? [], see].flat();
  return [`${tone(head)}${rest}`, ...more.map((line) => `  ${paint.dim(printable(line))}`)];
}

function groupText(
  { findings, trace }: FindingGroup,
  paint: Paint,
  mermaid: boolean,
): readonly string[] {
  const lines = findings.flatMap((finding) => headText(finding, paint));
  if (trace !== undefined && mermaid) lines.push("", sequenceMermaid(trace).trimEnd());
  else if (trace !== undefined) {
    lines.push("", ...sequenceText(trace, paint).map((line) => `    ${line}`));
    for (const { message } of findings)
      lines.push(`    ${paint.bad(`✗ ${printable(message).replace(/\S+\.v1\b/g, shortType)}`)}`);
  }
  const repairs = repairsOf(findings);
  if (repairs.length > 0) lines.push("");
  repairs.forEach((repair, index) => {
    lines.push(`  ${paint.good(index === 0 ? "Repair:" : "or:    ")} ${printable(repair)}`);
  });
  return lines;
}

function headText(
  { code, severity, message, hint, at }: LocatedFinding,
  paint: Paint,
): readonly string[] {
  const place =
    at.service === undefined || message.includes(at.service)
      ? ""
      : paint.dim(`  (${printable(at.service)})`);
  const mark =
    severity === "error"
      ? paint.bad(`✗ ${code}`)
      : severity === "warning"
        ? paint.undo(`! ${code}`)
        : paint.dim(`i ${code}`);
  const head = `${mark}  ${printable(message)}${place}`;
  if (hint === undefined || severity === "information") return [head];
  return [head, `  ${paint.dim(printable(hint))}`];
}

/** Returns the repairs of findings in words, each once. */
export function repairsOf(findings: readonly LocatedFinding[]): readonly string[] {
  return [...new Set(findings.flatMap(({ repairs = [] }) => repairs.map(repairText)))];
}

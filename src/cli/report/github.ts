import { printable } from "../../text/printable.ts";
import { fileInRepository, type SourcePlace } from "../places/places.ts";
import type { LocatedFinding, ReportSubject } from "./located.ts";
import { traceLines } from "./steps.ts";
import { repairsOf } from "./text.ts";
import { acceptedTexts, assumedText, verdictOf } from "./verdict.ts";

const LEVELS = { error: "error", warning: "warning", information: "notice" } as const;

/**
 * Writes a report as workflow commands: GitHub shows each finding at its line of a pull request.
 * No other line is written, since a name could make a command of it.
 */
export function githubReport({ report }: ReportSubject): string {
  const { kind, head, rest } = verdictOf(report);
  const verdict = [`${head}${rest}`, ...acceptedTexts(report), assumedText(report) ?? []].flat();
  const lines = [
    ...report.findings.map(annotation),
    command(kind === "proved" ? "notice" : "error", `odori: ${report.choreography}`, verdict),
  ];
  return `${lines.join("\n")}\n`;
}

function annotation(finding: LocatedFinding): string {
  const { code, severity, message, hint, trace, source } = finding;
  const repairs = repairsOf([finding]).map((repair) => `Repair: ${repair}`);
  const body = [message, ...(hint === undefined ? [] : [hint]), ...traceLines(trace), ...repairs];
  return command(LEVELS[severity], code, body, source);
}

function command(
  level: (typeof LEVELS)[keyof typeof LEVELS],
  title: string,
  lines: readonly string[],
  place?: SourcePlace,
): string {
  const { file, line, column } = place ?? {};
  const properties = [
    ...(file === undefined ? [] : [`file=${property(fileInRepository(file))}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    ...(column === undefined ? [] : [`col=${column}`]),
    `title=${property(title)}`,
  ];
  return `::${level} ${properties.join(",")}::${lines.map(data).join("%0A")}`;
}

/** Escapes a message as the runner's own toolkit does. */
function data(text: string): string {
  return printable(text).replaceAll("%", "%25");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

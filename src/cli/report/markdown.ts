import { sequenceText } from "../../draw/sequence.ts";
import { printable } from "../../text/printable.ts";
import {
  type FindingGroup,
  findingGroups,
  type LocatedFinding,
  type ReportSubject,
} from "./located.ts";
import { repairsOf } from "./text.ts";
import { acceptedTexts, assumedText, verdictOf } from "./verdict.ts";

const MARKS = { error: "❌", warning: "⚠️", information: "ℹ️" } as const;

/**
 * Writes a report as GitHub Markdown: a job's summary, or a comment. Text from the choreography
 * stands in code only, where no markup, link or mention is read.
 */
export function markdownReport({ report }: ReportSubject): string {
  const { head, rest } = verdictOf(report);
  const more = [...acceptedTexts(report), assumedText(report) ?? []].flat();
  const parts = [
    `### odori check ${code(report.choreography)}`,
    `**${head}**${rest}`,
    ...more.map(code),
    ...findingGroups(report.findings).map(groupMarkdown),
  ];
  return `${parts.join("\n\n")}\n`;
}

function groupMarkdown({ findings, trace }: FindingGroup): string {
  const heads = findings.map(findingMarkdown);
  const repairs = repairsOf(findings).map((repair) => `  - Repair: ${code(repair)}`);
  if (trace === undefined) return [...heads, ...repairs].join("\n");
  const diagram = block([...sequenceText(trace), ...findings.map(({ message }) => `✗ ${message}`)]);
  return [
    [...heads, ...repairs].join("\n"),
    "<details><summary>Counterexample</summary>",
    diagram,
    "</details>",
  ].join("\n\n");
}

function findingMarkdown({
  severity,
  code: name,
  message,
  hint,
  source,
  docs,
}: LocatedFinding): string {
  const line = source?.line === undefined ? "" : `:${source.line}`;
  const place = source === undefined ? "" : ` at ${code(`${source.file}${line}`)}`;
  const more = hint === undefined ? "" : `\n  - ${code(hint)}`;
  return `- ${MARKS[severity]} **[${name}](${docs})** ${code(message)}${place}${more}`;
}

/** Makes a code span of any text: its fence is longer than each run of backticks within. */
function code(text: string): string {
  const content = printable(text);
  const fence = fenceFor(content, 1);
  const space = /^[` ]|[` ]$/.test(content) ? " " : "";
  return `${fence}${space}${content}${space}${fence}`;
}

function block(lines: readonly string[]): string {
  const content = lines.map(printable).join("\n");
  const fence = fenceFor(content, 3);
  return `${fence}text\n${content}\n${fence}`;
}

function fenceFor(content: string, least: number): string {
  const runs = content.match(/`+/g) ?? [];
  return "`".repeat(Math.max(least, ...runs.map(({ length }) => length + 1)));
}

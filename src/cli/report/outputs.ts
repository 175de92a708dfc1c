import { writeFile } from "node:fs/promises";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import { plainPaint } from "../../text/paint.ts";
import { escapeUnprintable } from "../../text/printable.ts";
import { paint, printText } from "../output.ts";
import type { Output } from "./formats.ts";
import { githubReport } from "./github.ts";
import type { ReportSubject } from "./located.ts";
import { markdownReport } from "./markdown.ts";
import { sarifReport } from "./sarif.ts";
import { textReport } from "./text.ts";

/**
 * Writes the report in each form that was asked for, or as text. Throws `USAGE` for two forms on
 * standard output, and `FILE_UNREADABLE`.
 */
export async function writeReport(
  subject: ReportSubject,
  outputs: readonly Output[],
  mermaid: boolean,
): Promise<void> {
  const printed = outputs.filter(({ file }) => file === undefined);
  if (printed.length > 1)
    throw new OdoriError("USAGE", "Two formats cannot both be printed.", {
      hint: "Name a file for one of them: --format sarif=odori.sarif.",
    });
  const all = outputs.length === 0 ? [{ format: "text", file: undefined } as const] : outputs;
  for (const { format, file } of all) {
    const text = written(subject, format, file === undefined ? paint() : plainPaint, mermaid);
    if (file === undefined) printText(text);
    else await save(file, text);
  }
}

function written(
  subject: ReportSubject,
  format: Output["format"],
  colours: ReturnType<typeof paint>,
  mermaid: boolean,
): string {
  switch (format) {
    case "text":
      return textReport(subject, { paint: colours, mermaid });
    case "json":
      return json(subject.report);
    case "github":
      return githubReport(subject);
    case "sarif":
      return json(sarifReport(subject));
    case "markdown":
      return markdownReport(subject);
  }
}

function json(value: unknown): string {
  return `${escapeUnprintable(JSON.stringify(value, undefined, 2))}\n`;
}

async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new OdoriError(
      "FILE_UNREADABLE",
      `Cannot write the file ${quote(file)}: ${messageOf(cause)}.`,
      { cause, hint: "Check that the folder exists and may be written to." },
    );
  }
}

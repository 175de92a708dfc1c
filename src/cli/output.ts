import { CommanderError } from "commander";
import colors from "picocolors";
import { codeOf, messageOf, OdoriError } from "../contract/errors.ts";
import { type Paint, plainPaint } from "../text/paint.ts";
import { escapeUnprintable, printable, printableLines } from "../text/printable.ts";

/** Exit status of a command that found problems. */
export const FOUND = 1;
/** Exit status of a command that could not run. */
export const COULD_NOT_RUN = 2;
/** Exit status of a check that found no error, and did not explore everything. */
export const NOT_PROVED = 3;

/** Writes one line to standard output. */
export function print(line = ""): void {
  printText(`${line}\n`);
}

/** Writes text to standard output, with its line breaks and colours, and no control characters. */
export function printText(text: string): void {
  process.stdout.write(printableLines(text));
}

/** Writes one line to standard error, beside the result. */
export function warn(line: string): void {
  process.stderr.write(printableLines(`${line}\n`));
}

/** Exits quietly when the reader of standard output closes the pipe, as in `odori trace | head`. */
export function endWithPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

/** Writes a value to standard output as JSON, indented by two spaces. */
export function printJson(value: unknown): void {
  print(escapeUnprintable(JSON.stringify(value, undefined, 2)));
}

/** Returns colours if standard output is a terminal that supports them, else none. */
export function paint(): Paint {
  if (!process.stdout.isTTY || !colors.isColorSupported) return plainPaint;
  const { dim, bold, green, red, yellow } = colors;
  return { dim, bold, good: green, bad: red, undo: yellow };
}

/** A longer cell does not widen its column: one long id would push all other rows apart. */
const WIDEST = 80;

/**
 * Formats rows as lines with aligned columns. The first row sets the number of columns.
 * Replaces control characters in each cell.
 */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const safe = rows.map((row) => row.map(printable));
  const widths = (safe[0] ?? []).map((_, column) =>
    Math.max(...safe.map((row) => row[column]?.length ?? 0).filter((width) => width <= WIDEST)),
  );
  return safe.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/**
 * Prints an error: as text to standard error, with the address of the reference on a line of its
 * own, or as JSON to standard output if `json`.
 */
export function reportError(error: unknown, json: boolean): void {
  const usage = error instanceof CommanderError;
  const code = usage ? "USAGE" : codeOf(error);
  const message = messageOf(error).replace(/^error: /, "");
  const docs = error instanceof OdoriError ? error.docs : undefined;
  if (json) printJson({ ok: false, error: { code, message, docs } });
  else {
    const lines = message.split("\n").map(printable);
    if (usage) lines.push("Run the command with --help for usage.");
    if (docs !== undefined) lines.push(`See ${docs}`);
    warn(`${code}: ${lines.join("\n")}`);
  }
}

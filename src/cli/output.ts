import { CommanderError } from "commander";
import colors from "picocolors";
import { codeOf, messageOf } from "../contract/errors.ts";
import { type Paint, plainPaint } from "../text/paint.ts";
import { printable } from "../text/printable.ts";

export const FOUND = 1;
export const COULD_NOT_RUN = 2;

export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** `odori trace | head` closes the pipe early: that is the end, and no error. */
export function endWithPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Colours on a terminal, none elsewhere. */
export function paint(): Paint {
  if (!process.stdout.isTTY || !colors.isColorSupported) return plainPaint;
  const { dim, bold, green, red, yellow } = colors;
  return { dim, bold, good: green, bad: red, undo: yellow };
}

/** Columns as wide as their widest cell; every cell safe on a terminal. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const safe = rows.map((row) => row.map(printable));
  const widths = (safe[0] ?? []).map((_, column) =>
    Math.max(...safe.map((row) => row[column]?.length ?? 0)),
  );
  return safe.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Errors go to standard error for people, and to standard output for machines, which read that. */
export function reportError(error: unknown, json: boolean): void {
  const usage = error instanceof CommanderError;
  const code = usage ? "USAGE" : codeOf(error);
  const message = messageOf(error).replace(/^error: /, "");
  if (json) printJson({ ok: false, error: { code, message } });
  else
    process.stderr.write(
      `${code}: ${message.split("\n").map(printable).join("\n")}\n${usage ? "See --help.\n" : ""}`,
    );
}

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";

/** What a folder may hold that counts as empty. */
const IGNORED = [".git"];

/**
 * Writes files into an empty folder, or a new one. Throws `FOLDER_NOT_EMPTY` or `FILE_UNREADABLE`.
 */
export function writeProject(folder: string, files: ReadonlyMap<string, string>): void {
  const [found] = attempt(folder, () => {
    mkdirSync(folder, { recursive: true });
    return readdirSync(folder).filter((name) => !IGNORED.includes(name));
  });
  if (found !== undefined)
    throw new OdoriError(
      "FOLDER_NOT_EMPTY",
      `The folder ${quote(folder)} is not empty: it has ${quote(found)}. Nothing was written.`,
      { hint: "Name a new folder: odori init shop." },
    );
  attempt(folder, () => {
    for (const [path, text] of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      // A file that has appeared meanwhile is not replaced.
      writeFileSync(file, text, { flag: "wx" });
    }
  });
}

/** Runs `npm install`; its output goes to standard error. Throws `INSTALL_FAILED`. */
export function installPackages(folder: string): void {
  const { status, error } = spawnSync(
    "npm",
    ["install", "--no-audit", "--no-fund", "--loglevel=error"],
    // On Windows npm is a script, which needs a shell.
    { cwd: folder, stdio: ["ignore", 2, 2], shell: process.platform === "win32" },
  );
  if (error === undefined && status === 0) return;
  const why = error === undefined ? `it ended with status ${status}` : messageOf(error);
  throw new OdoriError(
    "INSTALL_FAILED",
    `The files are written, but npm install failed in ${quote(folder)}: ${why}.`,
    { cause: error, hint: "Run npm install there once the npm registry can be reached." },
  );
}

function attempt<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new OdoriError(
      "FILE_UNREADABLE",
      `Cannot write into the folder ${quote(folder)}: ${messageOf(cause)}.`,
      { cause, hint: "Check the path and the permissions of the folder." },
    );
  }
}

import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";

const CONFIG_FILE = "odori.config.json";

/**
 * Finds the configuration that a flag names, else the nearest one: in the working directory or
 * above it, not past the root of a repository, and not past the home directory. Throws
 * `CONFIG_INVALID`.
 */
export function configFile(named: string | undefined): string | undefined {
  if (named !== undefined) return named;
  const from = process.cwd();
  const home = homedir();
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const file = join(folder, CONFIG_FILE);
    if (existsSync(file)) {
      if (folder !== resolve(from)) checkOwner(file, "above the working directory");
      return file;
    }
    const last = folder === home || existsSync(join(folder, ".git"));
    if (last || folder === dirname(folder)) return undefined;
  }
}

/**
 * Refuses a configuration that another user owns. In a folder such as /tmp, it may name a server of
 * theirs, or a module to be run. Throws `CONFIG_INVALID`.
 */
export function checkOwner(file: string, where: string): void {
  const user = process.getuid?.();
  const { uid } = statSync(file);
  if (user === undefined || uid === user || uid === 0) return;
  throw new OdoriError(
    "CONFIG_INVALID",
    `The configuration ${quote(file)}, ${where}, belongs to another user.`,
    { hint: "If you trust it, name it: --config <file>." },
  );
}

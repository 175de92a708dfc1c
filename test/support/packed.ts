import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "./command.ts";

const BIN = join(ROOT, "node_modules", ".bin");
const FILES = [
  "package.json",
  "manifest.schema.json",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "templates",
];
const FLAGS = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];

export interface Ended {
  readonly status: number | null;
  readonly out: string;
}

/** The environment, with the project's own Node first, for npm and the programs of `.bin`. */
export function ownNode(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${dirname(process.execPath)}:${BIN}:${process.env.PATH}` };
}

/** Runs a program to its end, with both outputs in one text. */
export function ran(
  program: string,
  args: readonly string[],
  cwd: string,
  more: NodeJS.ProcessEnv = {},
): Ended {
  const env = { ...ownNode(), ...more };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: "utf8" });
  return { status, out: `${stdout}${stderr}` };
}

function succeed(program: string, args: readonly string[], cwd: string): string {
  const { status, out } = ran(program, args, cwd);
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${out}`);
  return out;
}

export interface Packed {
  readonly tarball: string;
  /** A project that has it installed, and nothing else. */
  readonly project: string;
  readonly remove: () => void;
}

/**
 * Builds the package in a folder of its own, packs it, and installs the tarball into an empty
 * project. It leaves `dist/` alone, which other programs may be using.
 */
export function installPacked(): Packed {
  const folder = mkdtempSync(join(tmpdir(), "odori-packed-"));
  const [source, project] = [join(folder, "source"), join(folder, "project")];
  for (const made of [source, project]) mkdirSync(made);
  for (const file of FILES) cpSync(join(ROOT, file), join(source, file), { recursive: true });
  const tsc = join(BIN, "tsc");
  succeed(tsc, ["-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(source, "dist")], ROOT);
  const page = join(source, "dist", "page");
  succeed(process.execPath, [join(ROOT, "scripts", "build-page.mjs"), page], ROOT);
  succeed("npm", ["pack", "--ignore-scripts", "--pack-destination", folder, ...FLAGS], source);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "user", private: true }));
  const packed = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  const tarball = join(folder, packed);
  succeed("npm", ["install", ...FLAGS, tarball], project);
  return { tarball, project, remove: () => rmSync(folder, { recursive: true }) };
}

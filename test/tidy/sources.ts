import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const SRC = join(ROOT, "src");

/** A module of `src/`. */
export interface SourceFile {
  /** Relative to `src/`, with slashes. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  /** Files of `src/` that it imports. */
  readonly imports: readonly string[];
  /** Modules that it imports when it runs; types are gone by then. */
  readonly packages: readonly string[];
}

/** Names of files below a folder, relative to it, with slashes. */
export function filesUnder(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && !name.includes("node_modules"))
    .map((name) => name.split(sep).join("/"));
}

export const sources: readonly SourceFile[] = filesUnder(SRC, ".ts").map((path) => {
  const text = readFileSync(join(SRC, path), "utf8");
  const statements = [...text.matchAll(/^(import|export)\s(type\s)?[^;]*?from "([^"]+)";/gms)];
  const dynamic = [...text.matchAll(/import\("([^"]+)"\)/g)].map((match) => match[1] ?? "");
  const from = [...statements.map((match) => match[3] ?? ""), ...dynamic];
  const running = statements
    .filter((match) => match[2] === undefined)
    .map((match) => match[3] ?? "");
  const local = from
    .filter((name) => name.startsWith("."))
    .map((name) =>
      relative(SRC, resolve(SRC, dirname(path), name))
        .split(sep)
        .join("/"),
    );
  const packages = running.filter((name) => !name.startsWith(".") && !name.startsWith("node:"));
  return { path, folder: path.split("/")[0] ?? "", text, imports: local, packages };
});

/** A text of the project: code, documentation or configuration. */
export interface Text {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly lines: readonly string[];
}

const FOLDERS = [
  "src",
  "page",
  "test",
  "bench",
  "examples",
  "templates",
  "scripts",
  "docs",
  "site",
  ".github",
  ".changeset",
];
const ENDINGS = /\.(tsx?|mjs|md|ya?ml|sh)$/;
/** `docs/api/` repeats the code. */
const GENERATED = /(^|\/)(node_modules|dist|\.odori)\/|^docs\/api\/|^site\/tree\//;

/** Every text that a person writes and reads, in all folders of the project. */
export const texts: readonly Text[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md") || name === "compose.yaml"),
  join(".ci", "run"),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => ENDINGS.test(name))
      .map((name) => join(folder, name)),
  ),
]
  .map((name) => name.split(sep).join("/"))
  .filter((path) => !GENERATED.test(path))
  .map((path) => ({ path, lines: readFileSync(join(ROOT, path), "utf8").split("\n") }));

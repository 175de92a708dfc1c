import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { outputOf } from "./outputs.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A block that is a file: its name is the comment in the first line. */
const FILE = /```(?:ts|yaml)\n(?:\/\/|#) (\S+\.(?:ts|yaml))\n([\s\S]*?)```/g;
/** A block that begins with a command. */
const RUN = /```console\n\$ (odori|node) ([^\n]*)\n([\s\S]*?)```/g;

/** The pages, other than Japanese ones, that have files and commands that use them. */
export function runnable(): readonly string[] {
  return readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .map((name) => `docs/${name.split(sep).join("/")}`)
    .filter((path) => path.endsWith(".md") && !path.startsWith("docs/ja/"))
    .filter((path) => {
      const text = readFileSync(join(ROOT, path), "utf8");
      return text.search(FILE) >= 0 && text.search(RUN) >= 0;
    });
}

/**
 * Lays the files of a page into a folder, runs its commands in turn, and returns the page with
 * their outputs. An output that differs only in times and spaces stays as it is. Throws if a
 * command fails.
 */
export function withRuns(page: string): string {
  // Within the project, so that `odori` and `zod` are found.
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".odori", "page-"));
  try {
    for (const [, file = "", text = ""] of page.matchAll(FILE))
      writeFileSync(join(folder, file), text);
    return page.replaceAll(RUN, (block, program: string, args: string, shown: string) => {
      const lines = program === "odori" ? outputOf(args, folder) : programOutput(args, folder);
      const text = lines.join("\n");
      if (comparable(text) === comparable(shown)) return block;
      return ["```console", `$ ${program} ${args}`, text, "```"].join("\n");
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function programOutput(args: string, folder: string): readonly string[] {
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const ran = spawnSync(process.execPath, [...flags, ...args.split(" ")], {
    cwd: folder,
    encoding: "utf8",
  });
  if (ran.status !== 0 || ran.stderr !== "")
    throw new Error(`node ${args} ended with ${ran.status}: ${ran.stdout}${ran.stderr}`);
  return ran.stdout.trimEnd().split("\n");
}

/** An output without what differs in each run: times, and the widths of columns. */
function comparable(text: string): string {
  return text
    .replace(/\+\d+ ms/g, "+0 ms")
    .replace(/ +/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .join("\n")
    .trim();
}

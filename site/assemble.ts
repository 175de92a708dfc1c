/* Writes the pages of `docs/` to `tree/`, as the site needs them. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { layOut, type Pages } from "./lay-out.ts";

const DOCS = fileURLToPath(new URL("../docs", import.meta.url));
const TREE = fileURLToPath(new URL("tree", import.meta.url));

const files = readdirSync(DOCS, { recursive: true, encoding: "utf8" }).map((name) =>
  name.split(sep).join("/"),
);

/** The pages of `docs/`, by path. */
export function pagesOfDocs(): Pages {
  const names = files.filter((name) => name.endsWith(".md"));
  return new Map(names.map((name) => [name, readFileSync(join(DOCS, name), "utf8")] as const));
}

/** Writes the tree again. */
export function assemble(): void {
  rmSync(TREE, { recursive: true, force: true });
  mkdirSync(join(TREE, "public"), { recursive: true });
  cpSync(join(DOCS, "icon.svg"), join(TREE, "public", "icon.svg"));
  for (const file of files.filter((name) => /\.(svg|png)$/.test(name)))
    for (const folder of ["", "ja"]) {
      mkdirSync(dirname(join(TREE, folder, file)), { recursive: true });
      cpSync(join(DOCS, file), join(TREE, folder, file));
    }
  for (const [path, text] of layOut(pagesOfDocs())) {
    mkdirSync(dirname(join(TREE, path)), { recursive: true });
    // Shiki has no such language, and says so for each block.
    writeFileSync(join(TREE, path), text.replaceAll("```github\n", "```txt\n"));
  }
}

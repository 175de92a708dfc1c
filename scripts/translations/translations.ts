import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { behind } from "./stamp.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Pages that a reader meets in the first hour: without a translation the tree is not complete. */
export const OBLIGATORY: readonly string[] = [
  "docs/ja/README.md",
  "docs/ja/index.md",
  "docs/ja/start.md",
  "docs/ja/ideas.md",
  "docs/ja/choose.md",
  "docs/ja/how-to/prove.md",
  "docs/ja/how-to/stuck-saga.md",
  "docs/ja/how-to/testing.md",
  "docs/ja/reference/glossary.md",
  "docs/ja/reference/guarantees.md",
  "docs/ja/reference/verbs.md",
];

/** A Japanese page, and the English one that it follows. */
export interface Translation {
  readonly page: string;
  readonly original: string;
  readonly text: string;
  readonly english: string;
  /** The English page has changed since. */
  readonly behind: boolean;
}

/** The English page of a Japanese one. */
export function originalOf(page: string): string {
  return page === "docs/ja/README.md" ? "README.md" : page.replace("docs/ja/", "docs/");
}

/** All Japanese pages. */
export function translations(): readonly Translation[] {
  return readdirSync(join(ROOT, "docs", "ja"), { recursive: true, encoding: "utf8" })
    .map((name) => `docs/ja/${name.split(sep).join("/")}`)
    .filter((page) => page.endsWith(".md"))
    .map((page) => {
      const original = originalOf(page);
      const text = readFileSync(join(ROOT, page), "utf8");
      const english = readFileSync(join(ROOT, original), "utf8");
      return { page, original, text, english, behind: behind(text, english) };
    });
}

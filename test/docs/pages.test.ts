import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runnable, withRuns } from "../../scripts/reference/run-blocks.ts";
import { behind, stamped } from "../../scripts/translations/stamp.ts";
import { OBLIGATORY, translations } from "../../scripts/translations/translations.ts";
import { ROOT } from "../support/command.ts";
import { texts } from "../tidy/sources.ts";
import { COMPARED, FRAGMENTS } from "./compared.ts";

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const pages = texts
  .map(({ path }) => path)
  .filter((path) => path === "README.md" || /^docs\/(?!ja\/|api\/).*\.md$/.test(path));
const japanese = translations();

/** The code of a page: each fenced block, without comments, which are in the page's language. */
function codeOf(page: string): readonly string[] {
  return [...page.matchAll(/^(`{3,})(\w*)\n([\s\S]*?)^\1$/gm)].map(([, , language, code = ""]) => {
    const bare = code.replaceAll(/ *(?:(?<!:)\/\/|#) .*$/gm, "");
    return `${language}\n${/^(ts|js|sh|yaml|python)$/.test(language ?? "") ? bare : code}`;
  });
}

describe("every block of code", { timeout: 240_000 }, () => {
  const self = runnable();

  it.each(self)("%s: its files run, and print what is shown; `npm run docs` renews it", (path) => {
    expect(withRuns(read(path))).toBe(read(path));
  });

  it.each(pages.filter((path) => codeOf(read(path)).length > 0))("%s is run by a test", (path) => {
    if (self.includes(path) || path.startsWith("docs/reference/findings/")) return;
    const test = COMPARED[path];
    if (test !== undefined) expect(read(test)).toContain(path.split("/").at(-1));
    else expect(Object.keys(FRAGMENTS)).toContain(path);
  });

  it("docs/index.md shows what the README shows", () => {
    const shown = codeOf(read("docs/index.md")).map((code) => code.replace(/^text\n/, "\n"));
    expect(shown).toHaveLength(2);
    for (const code of shown) expect(codeOf(read("README.md"))).toContain(code);
  });
});

describe("the Japanese pages", () => {
  it("has every page of the first hour", () => {
    const there = japanese.map(({ page }) => page);
    expect(OBLIGATORY.filter((page) => !there.includes(page))).toEqual([]);
  });

  it.each(japanese.map((page) => ({ ...page, state: page.behind ? "is BEHIND" : "follows" })))(
    "$page $state $original, and its code is the same",
    ({ page, text, english, behind }) => {
      const own = codeOf(text);
      // A page that is behind has the code of an earlier English page, which nothing has run.
      if (!behind) expect([page, own]).toEqual([page, codeOf(english)]);
      expect(text).toMatch(/^---\n(.*\n)*?source: [0-9a-f]{12}\n/);
    },
  );

  it("a page whose English text has changed is behind", () => {
    const page = stamped("# 見出し\n", "# Title\n");
    expect(behind(page, "# Title\n")).toBe(false);
    expect(behind(page, "# Title!\n")).toBe(true);
    expect(behind(stamped(page, "# Title!\n"), "# Title!\n")).toBe(false);
    expect(behind("# 見出し\n", "# Title\n")).toBe(true);
  });
});

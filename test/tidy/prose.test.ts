import { describe, expect, it } from "vitest";
import { tooWide, written } from "./prose.ts";
import { type Text, texts } from "./sources.ts";
import { UNFINISHED } from "./unfinished.ts";
import { BANNED_WORDS, OLD_NAMES } from "./words.ts";

const CODE = /^(src|test|bench|examples|scripts|site)\/.*\.(ts|mjs)$/;
/** These name what must not be written. */
const ABOUT_WORDS = /^(test\/tidy\/(words|prose\.test)\.ts|CHANGELOG\.md|\.changeset\/.*)$/;

const without = (files: readonly string[]) => texts.filter(({ path }) => !files.includes(path));

describe("what is written", () => {
  it("a line of code has at most a hundred columns", () => {
    const code = without(UNFINISHED.width).filter(({ path }) => CODE.test(path));
    expect(code.flatMap(tooWide)).toEqual([]);
  });

  it("a line of a document has at most a hundred columns", () => {
    const documents = without(UNFINISHED.width).filter(({ path }) => path.endsWith(".md"));
    expect(documents.flatMap(tooWide)).toEqual([]);
  });

  it("the banned words of plain technical English are not used", () => {
    const checked = without(UNFINISHED.words).filter(({ path }) => !ABOUT_WORDS.test(path));
    expect(checked.flatMap((text) => written(text, BANNED_WORDS))).toEqual([]);
  });

  it("names that were replaced do not come back", () => {
    const checked = without(UNFINISHED.oldNames).filter(({ path }) => !ABOUT_WORDS.test(path));
    expect(checked.flatMap((text) => written(text, OLD_NAMES))).toEqual([]);
  });

  it("the rules see what they are for", () => {
    const text = (path: string, ...lines: string[]): Text => ({ path, lines });
    const wide = "x".repeat(101);
    expect(tooWide(text("a.ts", "x".repeat(100), wide))).toEqual(["a.ts:2 has 101 columns"]);
    expect(tooWide(text("a.md", `| ${wide} |`, "```", wide, "```", wide))).toHaveLength(1);
    expect(tooWide(text("a.ts", `// https://example.org/${wide}`))).toEqual([]);
    const words = (...lines: string[]) => written(text("a.ts", ...lines), BANNED_WORDS).length;
    expect(words("// what Whoever reads", "recommend the amendment")).toBe(1);
    expect(words("// it is", " * no store")).toBe(1);
    expect(words("// it is no longer")).toBe(0);
    expect(words("// a claim ends so", "// long after the call")).toBe(1);
  });
});

import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { Lexer, type Token } from "marked";
import { describe, expect, it } from "vitest";
import { markdownReport } from "../../src/cli/report/markdown.ts";
import { sarifReport } from "../../src/cli/report/sarif.ts";
import { BROKEN } from "../check/broken.ts";
import { SOUND } from "../check/sound.ts";
import { HOSTILE, hostileManifest, subjectOf } from "../support/subject.ts";

/** The schema of SARIF 2.1.0 as its authors publish it, in draft 4. */
const published: Readonly<Record<string, unknown>> = createRequire(import.meta.url)(
  "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json",
);
const { $schema: _, id: __, ...schema } = published;
const validate = new Ajv({
  strict: false,
  validateFormats: false,
  // A pattern of the schema is not one with the flag u.
  unicodeRegExp: false,
}).compile(schema);

const CASES = [...SOUND, ...BROKEN, { name: "hostile names", manifest: hostileManifest() }];

describe("a SARIF log", () => {
  it.each(CASES)("is valid: $name", ({ manifest }) => {
    const log: unknown = JSON.parse(JSON.stringify(sarifReport(subjectOf(manifest))));
    validate(log);
    expect(validate.errors ?? []).toEqual([]);
  });

  it("is judged: a level that SARIF does not have is refused", () => {
    const broken = BROKEN[0]?.manifest ?? {};
    const log = JSON.stringify(sarifReport(subjectOf(broken)));
    expect(validate(JSON.parse(log))).toBe(true);
    expect(validate(JSON.parse(log.replace('"level":"error"', '"level":"fatal"')))).toBe(false);
  });
});

function flat(tokens: readonly Token[]): readonly Token[] {
  return tokens.flatMap((token) => [
    token,
    ...("tokens" in token && token.tokens !== undefined ? flat(token.tokens) : []),
    ...("items" in token && Array.isArray(token.items) ? flat(token.items) : []),
  ]);
}

describe("a Markdown report", () => {
  it("has the text of a choreography in code, and nowhere else", () => {
    const report = markdownReport(subjectOf(hostileManifest()));
    const tokens = flat(new Lexer({ gfm: true }).lex(report));
    // Blocks of HTML are those that the report writes.
    const html = tokens.filter(({ type }) => type === "html").map(({ raw }) => raw.trim());
    expect(new Set(html)).toEqual(
      new Set(["<details><summary>Counterexample</summary>", "</details>"]),
    );
    const links = tokens.filter(({ type }) => type === "link" || type === "image");
    // The code of a finding leads to its page.
    const leads = links.map(({ raw }) => raw);
    expect(leads.length).toBeGreaterThan(0);
    for (const lead of leads)
      expect(lead).toMatch(
        /^\[([A-Z_]+)\]\(https:\/\/odori-dev\.github\.io\/odori\/[a-z_/]+\.html\)$/,
      );
    expect(tokens.filter(({ type }) => type === "heading")).toHaveLength(1);
    const text = tokens
      .filter((token) => token.type === "text" && !("tokens" in token && token.tokens))
      .map(({ raw }) => raw)
      .join("\n");
    expect(text).not.toMatch(/evil|everyone|owned|onerror/);
    const code = tokens
      .filter(({ type }) => type === "codespan" || type === "code")
      .map((token) => ("text" in token ? String(token.text) : ""))
      .join("\n");
    for (const name of HOSTILE) expect(code).toContain(name.trim());
  });
});

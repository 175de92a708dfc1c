import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesUnder, ROOT } from "../tidy/sources.ts";

const PAGE = join(ROOT, "page");
const LINES_MAX = 200;
const files = filesUnder(PAGE, "").filter((name) => /\.tsx?$/.test(name));
const texts = files.map((path) => ({ path, text: readFileSync(join(PAGE, path), "utf8") }));

/** What a module imports, and whether it is gone when the module runs. */
function importsOf(text: string): readonly (readonly [name: string, typeOnly: boolean])[] {
  return [...text.matchAll(/^import\s(type\s)?[^;]*?from "([^"]+)";/gms)].map((match) => [
    match[2] ?? "",
    match[1] !== undefined,
  ]);
}

describe("the house of the page", () => {
  it("the page has nothing of the server but the types of what it replies", () => {
    const outside = texts.flatMap(({ path, text }) =>
      importsOf(text)
        .filter(([name]) => name.includes("/src/"))
        .filter(([name, typeOnly]) => !typeOnly || !name.endsWith("/src/console/wire.ts"))
        .map(([name]) => `${path} -> ${name}`),
    );
    expect(files.length).toBeGreaterThan(50);
    expect(outside).toEqual([]);
  });

  it("what is bundled is for development only", () => {
    const manifest: Readonly<Record<string, Readonly<Record<string, string>>>> = JSON.parse(
      readFileSync(join(ROOT, "package.json"), "utf8"),
    );
    const bundled = texts
      .flatMap(({ text }) => importsOf(text).map(([name]) => name))
      .filter((name) => !name.startsWith("."))
      .map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"));
    expect([...new Set(bundled)].sort()).toEqual([
      ...["@preact/signals", "@tanstack/virtual-core", "preact"],
    ]);
    for (const name of bundled) {
      expect(manifest.devDependencies?.[name]).toBeDefined();
      expect(manifest.dependencies?.[name]).toBeUndefined();
    }
  });

  it("a file has one idea; only the words are longer", () => {
    const long = texts.filter(({ text }) => text.split("\n").length > LINES_MAX);
    expect(long.map(({ path }) => path).sort()).toEqual([
      ...["words/en.ts", "words/findings-ja.ts", "words/ja.ts"],
    ]);
  });

  it("no text of the page is set as HTML, and no style as text", () => {
    const unsafe = /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet|style="|document\.write/;
    expect(texts.filter(({ text }) => unsafe.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { slugify } from "../../site/slugify.ts";
import { ROOT, sources, texts } from "../tidy/sources.ts";

const documents = texts.filter(({ path }) => path.endsWith(".md"));

it("a link of a document leads to a file", () => {
  const broken = documents.flatMap(({ path, lines }) =>
    [...lines.join("\n").matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(join(ROOT, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});

/** Anchors as GitHub and the site make them. */
function anchorsOf(path: string): readonly string[] {
  const text = readFileSync(join(ROOT, path), "utf8").replaceAll(/^(`{3,})[\s\S]*?^\1$/gm, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => slugify(heading));
}

it("an anchor of a link is a heading of its page", () => {
  const broken = documents.flatMap(({ path, lines }) =>
    [...lines.join("\n").matchAll(/\]\(([^)\s#]*)#([^)\s]+)\)/g)]
      .map(([, target = "", anchor = ""]) => ({ target, anchor }))
      .filter(({ target }) => !/^[a-z]+:/.test(target) && /(^|\.md)$/.test(target))
      .filter(({ target, anchor }) => {
        const page = target === "" ? path : join(dirname(path), target);
        return !anchorsOf(page).includes(decodeURIComponent(anchor));
      })
      .map(({ target, anchor }) => `${path}: ${target}#${anchor}`),
  );
  expect(broken).toEqual([]);
});

it("a path of the repository that a document names exists", () => {
  const named = /`((?:src|test|bench|examples|scripts|docs|\.ci)\/[\w./-]+)`/g;
  // The paths in a README of a template are those of the project that it becomes.
  const own = documents.filter(({ path }) => !path.startsWith("templates/"));
  const missing = own.flatMap(({ path, lines }) =>
    [...lines.join("\n").matchAll(named)]
      .map(([, target = ""]) => target)
      .filter((target) => !existsSync(join(ROOT, target)))
      .map((target) => `${path}: ${target}`),
  );
  expect(missing).toEqual([]);
});

it("ARCHITECTURE.md has each folder of src/", () => {
  const page = documents.find(({ path }) => path === "ARCHITECTURE.md")?.lines.join("\n") ?? "";
  const folders = new Set(
    sources.filter(({ path }) => path.includes("/")).map(({ folder }) => folder),
  );
  expect([...folders].filter((folder) => !page.includes(`\`src/${folder}/\``))).toEqual([]);
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stamped } from "../../scripts/translations/stamp.ts";
import { pagesOfDocs } from "../../site/assemble.ts";
import { layOut } from "../../site/lay-out.ts";
import { SECTIONS } from "../../site/pages.ts";
import { ROOT } from "../tidy/sources.ts";

const docs = pagesOfDocs();
const site = layOut(docs);
const linksOf = (text: string) => [...text.matchAll(/\]\((\/[^)#\s]*)/g)].map(([, to = ""]) => to);

it("each page is in the contents of the site, and each line of it is a page", () => {
  const listed = SECTIONS.flatMap(({ pages }) => pages.map(([path]) => `${path}.md`));
  const own = [...docs.keys()].filter(
    (path) => !/^(ja|api)\/|^index\.md$|^reference\/findings\/(?!index)/.test(path),
  );
  expect(listed.sort()).toEqual(own.sort());
});

it("each page has a Japanese address, and no link leads to nowhere", () => {
  for (const path of docs.keys())
    if (!/^(ja|api)\//.test(path)) expect([path, site.has(`ja/${path}`)]).toEqual([path, true]);
  const dead = [...site].flatMap(([path, text]) =>
    linksOf(text)
      .filter((to) => to.endsWith(".md") && !site.has(to.slice(1)))
      .map((to) => `${path}: ${to}`),
  );
  expect(dead).toEqual([]);
});

it("a link out of the documentation leads to the file in the repository", () => {
  const home = "https://github.com/odori-dev/odori/blob/main/";
  const outside = [...site.values()].flatMap((text) =>
    [...text.matchAll(/\]\((https:[^)#\s]*)/g)]
      .map(([, to = ""]) => to)
      .filter((to) => to.startsWith(home))
      .map((to) => to.slice(home.length)),
  );
  expect(outside.length).toBeGreaterThan(5);
  expect(outside.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it("a Japanese page says that it is missing, or behind, and leads to Japanese ones", () => {
  const english = "# Title\n\n[Next](next.md)\n";
  const translation = stamped("# 題\n\n[次](next.md)\n", english);
  const laid = (page: string, text = english) =>
    layOut(
      new Map([
        ["a.md", text],
        ["ja/a.md", page],
        ["next.md", "# Next\n"],
      ]),
    );
  expect(laid(translation).get("ja/a.md")).not.toContain(":::");
  expect(laid(translation).get("ja/a.md")).toContain("[次](/ja/next.md)");
  expect(laid(translation, `${english}more`).get("ja/a.md")).toContain("::: warning");
  expect(laid(translation, `${english}more`).get("ja/a.md")).toContain("](/a.md)");
  expect(laid(translation).get("ja/next.md")).toContain("::: info");
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ERRORS } from "../../src/contract/error-catalogue.ts";
import { ROOT, sources } from "../tidy/sources.ts";

const pages = ["alerts", "stuck-saga"].map((name) =>
  readFileSync(join(ROOT, "docs", "how-to", `${name}.md`), "utf8"),
);
const [ALERTS = ""] = pages;

it("every line that the runtime logs at error has a section", () => {
  const said = sources
    .filter(({ folder }) => folder === "runtime")
    .flatMap(({ text }) => {
      const direct = [...text.matchAll(/logger\.error\(\s*"([^"]+)"/g)];
      const named = /logger\.error\(what\b/.test(text)
        ? text.matchAll(/const what = "([^"]+)"/g)
        : [];
      return [...direct, ...named].map(([, message = ""]) => message);
    });
  expect(said.length).toBeGreaterThanOrEqual(5);
  expect(said.filter((message) => !ALERTS.includes(`## "${message}"`))).toEqual([]);
});

it("every line that has a section is logged", () => {
  const logged = sources.map(({ text }) => text).join("\n");
  const titles = [...ALERTS.matchAll(/^## "([^"]+)"$/gm)].map(([, title = ""]) => title);
  expect(titles.length).toBeGreaterThanOrEqual(7);
  expect(titles.filter((title) => !logged.includes(`"${title}"`))).toEqual([]);
});

it("codes that the pages name exist", () => {
  const codes = pages.flatMap((page) =>
    [...page.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, code = ""]) => code),
  );
  expect(codes.filter((code) => !(code in ERRORS))).toEqual([]);
});

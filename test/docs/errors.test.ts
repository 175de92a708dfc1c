import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { errorsPage } from "../../scripts/reference/errors-page.ts";
import { DOCS_ADDRESS } from "../../src/contract/docs-address.ts";
import { docsOf, ERRORS, ERRORS_ADDRESS } from "../../src/contract/error-catalogue.ts";
import { odori } from "../support/command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = `docs/${ERRORS_ADDRESS.slice(DOCS_ADDRESS.length).replace(/html$/, "md")}`;
const committed = readFileSync(join(ROOT, PAGE), "utf8");

it("the reference of the errors is what the catalogue says; `npm run docs` renews it", () => {
  expect(committed).toBe(errorsPage());
});

it("the address of every error leads to a heading", () => {
  const anchors = [...committed.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replaceAll(" ", "-"),
  );
  const missing = Object.keys(ERRORS).filter((code) => !anchors.includes(code.toLowerCase()));
  expect(missing).toEqual([]);
  expect(docsOf("USAGE")).toBe(`${DOCS_ADDRESS}reference/errors.html#usage`);
});

it("the command shows the address on a line of its own, and as a member of its JSON", async () => {
  const [text, json] = await Promise.all([
    odori(["manifest", "nowhere.ts"]),
    odori(["manifest", "nowhere.ts", "--json"]),
  ]);
  const docs = docsOf("MODULE_UNREADABLE");
  expect(text.err.trimEnd().split("\n").at(-1)).toBe(`See ${docs}`);
  expect(text.err.split(docs)).toHaveLength(2);
  expect(JSON.parse(json.out)).toMatchObject({ ok: false, error: { docs } });
  expect(json.out.split(docs)).toHaveLength(2);
});

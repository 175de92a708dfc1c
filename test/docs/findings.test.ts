import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandsPage } from "../../scripts/reference/commands-page.ts";
import { findingsPages } from "../../scripts/reference/findings-pages.ts";
import { manifestPage } from "../../scripts/reference/manifest-page.ts";
import { outputOf } from "../../scripts/reference/outputs.ts";
import { FINDING_AREAS } from "../../src/check/catalogue/catalogue.ts";
import { DOCS_ADDRESS, findingPage } from "../../src/contract/docs-address.ts";
import { BROKEN } from "../check/broken.ts";
import { ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";
import { subjectOf } from "../support/subject.ts";

const codes = Object.values(FINDING_AREAS).flatMap((area) => [...area.keys()]);
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
/** Where the page of an address is in this repository. */
const fileOf = (address: string) =>
  join(ROOT, "docs", address.slice(DOCS_ADDRESS.length).replace(/\.html$/, ".md"));

describe("the reference that is generated; `npm run docs` renews it", { timeout: 600_000 }, () => {
  const pages = new Map([
    ...findingsPages(),
    ["docs/reference/commands.md", commandsPage()],
    ["docs/reference/manifest.md", manifestPage()],
  ]);

  it.each([...pages.keys()])("%s is what the code says", (path) => {
    expect(read(path)).toBe(pages.get(path));
  });

  it("has no page of a code that is gone", () => {
    const there = readdirSync(join(ROOT, "docs", "reference", "findings"));
    expect(there.filter((name) => !pages.has(`docs/reference/findings/${name}`))).toEqual([]);
  });
});

describe("the address of a finding", { timeout: 600_000 }, () => {
  it.each(codes)("%s has a page there", (code) => {
    const file = fileOf(findingPage(code));
    expect([file, existsSync(file)]).toEqual([file, true]);
    expect(readFileSync(file, "utf8")).toContain(`# ${code}\n`);
  });

  it("every finding of the broken choreographies has a page", () => {
    const found = BROKEN.flatMap(({ manifest }) => subjectOf(manifest).report.findings);
    expect(found.length).toBeGreaterThan(100);
    expect(found.filter(({ docs }) => !existsSync(fileOf(docs)))).toEqual([]);
  });

  it("is below the home page of the package", () => {
    expect(JSON.parse(read("package.json")).homepage).toBe(DOCS_ADDRESS);
  });

  it("is printed by check and lint, and by nothing that is proved", () => {
    using folder = temporaryFolder("findings");
    const run = (args: string) => outputOf(args, folder.path).join("\n");
    const order = join(ROOT, "examples", "order", "choreography.ts");
    expect(run(`check ${order}`)).not.toContain("See ");
    const foreign = join(ROOT, "examples", "foreign");
    const sources = ["order", "payment", "stock", "no-refund"]
      .map((name) => join(foreign, `${name}.yaml`))
      .join(" ");
    expect(run(`check ${sources}`)).toContain(`See ${findingPage("STUCK")}`);
    expect(run(`lint ${order} --rule NO_KEY=off`)).not.toContain("See ");
  });
});

it("a page is not written from a command that could not do its work", () => {
  using folder = temporaryFolder("refused");
  expect(() => outputOf("check nowhere.yaml", folder.path)).toThrow("is not written");
  const order = join(ROOT, "examples", "order", "choreography.ts");
  expect(() => outputOf(`check ${order} --states 2`, folder.path)).toThrow("ended with 3");
});

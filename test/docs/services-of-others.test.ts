import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withOutputs } from "../../scripts/reference/outputs.ts";
import { odori, ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "services-of-others.md"), "utf8");
const FOLDER = join(ROOT, "examples", "foreign");
const DOCUMENTS = ["order.yaml", "payment.yaml", "stock.yaml"];

// Each command is a process of its own, on a machine that may be busy.
const SLOW = { timeout: 240_000 };

it("the page's outputs are what the commands print; `npm run docs` renews them", SLOW, () => {
  expect(PAGE.match(/^\$ odori /gm)).toHaveLength(5);
  expect(withOutputs(PAGE, "examples/foreign")).toBe(PAGE);
});

it("the page shows what services without inbox and fence risk", () => {
  const [, shown = ""] = PAGE.split("payment that has neither:");
  for (const code of ["HANGING", "DOUBLE_EFFECT", "DOUBLE_COMPENSATION"]) {
    expect(shown).toContain(`✗ ${code}`);
    expect(shown).toContain(`- \`${code}\`: `);
  }
  expect(PAGE).toContain("✓ every saga ends well");
  expect(PAGE).toContain("✗ STUCK");
});

it.each([
  ["neither", false, false],
  ["an inbox", true, false],
  ["a fence", false, true],
  ["both", true, true],
])("the page's table has the result for %s", SLOW, async (has, inbox, fence) => {
  const [, result = ""] = new RegExp(`^\\| ${has} \\| (.*?) \\|$`, "m").exec(PAGE) ?? [];
  using folder = temporaryFolder("foreign");
  const file = join(folder.path, "links.yaml");
  const text = readFileSync(join(FOLDER, "unguarded.yaml"), "utf8");
  writeFileSync(
    file,
    text.replace("inbox: false", `inbox: ${inbox}`).replace("fence: false", `fence: ${fence}`),
  );
  const { out } = await odori(["check", ...DOCUMENTS, file], undefined, FOLDER);
  expect(result).not.toBe("");
  expect(out).toContain(result);
});

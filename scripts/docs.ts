/* Renews the pages that are generated from the sources: `npm run docs`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { movingPicture } from "./picture/draw.ts";
import { recordOrder } from "./picture/record.ts";
import { apiReports } from "./reference/api-report.ts";
import { commandsPage } from "./reference/commands-page.ts";
import { publicSurface } from "./reference/declarations.ts";
import { errorsPage } from "./reference/errors-page.ts";
import { findingsPages } from "./reference/findings-pages.ts";
import { lintPage } from "./reference/lint-page.ts";
import { manifestPage } from "./reference/manifest-page.ts";
import { withOutputs } from "./reference/outputs.ts";
import { runnable, withRuns } from "./reference/run-blocks.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOREIGN = "docs/how-to/services-of-others.md";
const FINDINGS = "docs/reference/findings";

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const pages = new Map([
  ["docs/reference/errors.md", errorsPage()],
  ["docs/reference/lint.md", lintPage()],
  ["docs/reference/commands.md", commandsPage()],
  ["docs/reference/manifest.md", manifestPage()],
  ...findingsPages(),
  ["docs/saga.svg", movingPicture(await recordOrder())],
  ...apiReports(publicSurface()),
  [FOREIGN, withOutputs(read(FOREIGN), "examples/foreign")],
  ...runnable().map((path) => [path, withRuns(read(path))] as const),
]);

for (const [path, text] of pages) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
  process.stdout.write(`${path}\n`);
}

// A code that is no longer there has no page.
for (const name of readdirSync(join(ROOT, FINDINGS)))
  if (!pages.has(`${FINDINGS}/${name}`)) rmSync(join(ROOT, FINDINGS, name));

/* Renews the pages that are generated from the sources: `npm run docs`. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { movingPicture } from "./picture/draw.ts";
import { recordOrder } from "./picture/record.ts";
import { apiReports } from "./reference/api-report.ts";
import { publicSurface } from "./reference/declarations.ts";
import { errorsPage } from "./reference/errors-page.ts";
import { lintPage } from "./reference/lint-page.ts";
import { withOutputs } from "./reference/outputs.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const FOREIGN = "docs/how-to/services-of-others.md";

const pages = new Map([
  ["docs/reference/errors.md", errorsPage()],
  ["docs/reference/lint.md", lintPage()],
  ["docs/saga.svg", movingPicture(await recordOrder())],
  ...apiReports(publicSurface()),
  [FOREIGN, withOutputs(readFileSync(join(ROOT, FOREIGN), "utf8"), "examples/foreign")],
]);

for (const [path, text] of pages) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
  process.stdout.write(`${path}\n`);
}

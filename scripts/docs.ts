/* Renews the pages that are generated from the sources: `npm run docs`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { apiReports } from "./reference/api-report.ts";
import { publicSurface } from "./reference/declarations.ts";
import { errorsPage } from "./reference/errors-page.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const pages = new Map([["docs/reference/errors.md", errorsPage()], ...apiReports(publicSurface())]);

for (const [path, text] of pages) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
  process.stdout.write(`${path}\n`);
}

/* Renews the pages that are generated from the sources: `npm run docs`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { errorsPage } from "./reference/errors-page.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const pages = new Map([["docs/reference/errors.md", errorsPage()]]);

for (const [path, text] of pages) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
  process.stdout.write(`${path}\n`);
}

/* Says that Japanese pages follow the English ones as these are now: `npm run docs:stamp`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stamped } from "./translations/stamp.ts";
import { originalOf } from "./translations/translations.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const pages = process.argv.slice(2);
if (pages.length === 0) {
  process.stderr.write("Name the pages that were compared: npm run docs:stamp docs/ja/start.md\n");
  process.exitCode = 2;
}

for (const page of pages) {
  const file = join(ROOT, page);
  const english = readFileSync(join(ROOT, originalOf(page)), "utf8");
  writeFileSync(file, stamped(readFileSync(file, "utf8"), english));
}

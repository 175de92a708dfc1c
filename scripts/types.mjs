// Checks the types of the project, and of each folder with a package of its own whose package
// is installed. `npm test` installs them all; `npm install` alone does not. The page of the console
// is for browsers, so it has a configuration of its own.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const own = [
  "test/oracles",
  "test/orms",
  "test/prisma",
  "test/frameworks",
  "examples/drizzle",
  "site",
];
const installed = own.filter((folder) => existsSync(join(root, folder, "node_modules")));
for (const folder of own.filter((folder) => !installed.includes(folder)))
  process.stderr.write(`${folder}: types not checked, its package is not installed (npm test).\n`);

const failed = [".", "page", ...installed].filter(
  (folder) =>
    spawnSync(process.execPath, [tsc, "-p", join(root, folder)], { stdio: "inherit" }).status !== 0,
);
process.exit(failed.length === 0 ? 0 : 1);

// Runs before `npm start` and `npm test`, on any Node that the machine has. It installs missing
// packages, and does nothing when all are there. Folders with a package of their own may be named:
// `npm start` does not wait for packages that only tests need.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

for (const folder of [".", ...process.argv.slice(2)]) {
  const place = join(root, folder);
  const installed = join(place, "node_modules", ".package-lock.json");
  const wanted = join(place, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) continue;
  process.stderr.write(
    `Installing what is missing${folder === "." ? "" : ` for ${folder}`} (once) …\n`,
  );
  // Not `npm ci`: it refuses a lock file that lacks the binaries of some other platform, which not
  // every registry has. The versions are those of the lock file.
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  // Only the project's own packages may run scripts.
  const flags = folder === "." ? [] : ["--ignore-scripts"];
  const { status, error } = spawnSync(
    npm,
    ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", ...flags],
    {
      cwd: place,
      stdio: ["ignore", 2, 2],
    },
  );
  if (error !== undefined || status !== 0) {
    process.stderr.write(
      "`npm install` failed. It needs the npm registry.\n" +
        "Run the same command again once the registry answers.\n",
    );
    process.exit(2);
  }
}

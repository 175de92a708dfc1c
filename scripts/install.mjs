// Runs before `npm start` and `npm test`, on whatever Node the machine has: installs what is missing, and nothing when all is there.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const installed = join(root, "node_modules", ".package-lock.json");
const wanted = join(root, "package-lock.json");

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
  process.stderr.write("Installing what is missing (once) …\n");
  // Not `npm ci`: it refuses a lock file that lacks the binaries of some other platform, which not every registry has. The versions are those of the lock file.
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status, error } = spawnSync(npm, ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (error !== undefined || status !== 0) {
    process.stderr.write("`npm install` failed. It needs the npm registry; once it answers, run the same command again.\n");
    process.exit(2);
  }
}

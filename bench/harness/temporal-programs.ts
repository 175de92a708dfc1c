import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const VERSION = "v1.29.1";
const SERVER = "go.temporal.io/server";
const PACKAGES = [`${SERVER}/cmd/server`, `${SERVER}/cmd/tools/sql`];
/** What `go build` calls them. */
const PROGRAMS = { server: "server", sql: "sql" } as const;

export const HOW_TEMPORAL =
  "install Go, with which its server is built once (some ten minutes), or name a folder with its " +
  `programs ${PROGRAMS.server} and ${PROGRAMS.sql} of ${VERSION} in ODORI_BENCH_TEMPORAL`;

/**
 * The folder with the programs of Temporal's server: named by the environment, or in the cache, or
 * built with Go. Undefined where none of these is possible.
 */
export function findTemporal(): string | undefined {
  const named = process.env.ODORI_BENCH_TEMPORAL;
  if (named === "none") return undefined;
  if (named !== undefined) return hasPrograms(named) ? named : undefined;
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const folder = join(cache, "odori", "servers", `temporal-${VERSION}`);
  return hasPrograms(folder) || built(folder) ? folder : undefined;
}

function hasPrograms(folder: string): boolean {
  return Object.values(PROGRAMS).every((program) => existsSync(join(folder, program)));
}

function built(folder: string): boolean {
  if (spawnSync("go", ["version"]).status !== 0) return false;
  process.stderr.write(`Building Temporal's server ${VERSION} (once, some ten minutes) …\n`);
  const source = join(folder, "source");
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, "go.mod"), "module temporal\n");
  const go = (...args: string[]) =>
    spawnSync("go", args, { cwd: source, stdio: ["ignore", 2, 2] }).status === 0;
  return (
    go("get", ...PACKAGES.map((name) => `${name}@${VERSION}`)) &&
    go("build", "-o", `${folder}/`, "-ldflags", "-s -w", ...PACKAGES)
  );
}

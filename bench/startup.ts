import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { tableHead, tableRow } from "./harness/markdown.ts";
import { median } from "./harness/statistics.ts";

/*
 * Measures start-up on the built package: importing it, and two commands. It needs `npm run build`
 * first.
 */

const ROUNDS = 9;
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const main = path("../dist/cli/main.js");
const imports =
  "const began = performance.now(); await import('odori'); " +
  "process.stdout.write(String(performance.now() - began));";

const subjects: readonly (readonly [string, readonly string[], "inside" | "whole"])[] = [
  ["an empty program, as a command", ["--eval", ""], "whole"],
  [
    'import "odori", within a running process',
    ["--input-type=module", "--eval", imports],
    "inside",
  ],
  ["`odori --help`, as a command", [main, "--help"], "whole"],
  [
    "`odori check` on the order saga, as a command",
    [main, "check", path("../examples/order/choreography.ts")],
    "whole",
  ],
];
const times = new Map<string, number[]>();
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, args, kind] of subjects) {
    const began = performance.now();
    const { status, stdout } = spawnSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", ...args],
      {
        cwd: path(".."),
        encoding: "utf8",
      },
    );
    const ms = kind === "whole" ? performance.now() - began : Number(stdout);
    if (status !== 0) throw new Error(`${name} failed: build first, with npm run build`);
    if (round > 0) times.set(name, [...(times.get(name) ?? []), ms]);
  }
}
process.stdout.write(
  `Node ${process.version}, ${ROUNDS} alternating rounds\n\n${tableHead(["", "ms", "range"])}`,
);
for (const [name, values] of times) {
  const range = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(0));
  process.stdout.write(tableRow([name, median(values).toFixed(0), range.join(" - ")]));
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./command.ts";
import { eventually } from "./eventually.ts";
import { blockOf, programFolder } from "./page-program.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");
/** The saga of the README: an order, its payment, and its stock. */
export const SAGA = blockOf(README, "ts");
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
/** Three processes start at once, on a busy machine. Only a failing test takes that long. */
const WITHIN_MS = 120_000;

/** `odori dev saga.ts` as a person has it on a terminal; it ends with the scope. */
export async function dev(folder: string, ...flags: readonly string[]) {
  const child = spawn(
    process.execPath,
    [...FLAGS, join(ROOT, "src", "cli", "main.ts"), "dev", "saga.ts", "--data", "data", ...flags],
    { cwd: folder },
  );
  const ended = once(child, "close");
  const seen = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (seen.out += chunk));
  child.stderr.on("data", (chunk) => (seen.err += chunk));
  const shows = (what: string, times = 1) =>
    eventually(`it shows ${what}`, () => seen.out.split(what).length > times, true, WITHIN_MS);
  const warns = (what: string) =>
    eventually(`it warns of ${what}`, () => seen.err.includes(what), true, WITHIN_MS);
  return Object.assign(seen, {
    shows,
    warns,
    ended,
    child,
    say: (line: string) => child.stdin.write(`${line}\n`),
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  });
}

/** A project with the saga. */
export function sagaFolder() {
  const folder = programFolder("saga.ts", SAGA);
  // Without it the project, and so what is watched, would be the repository.
  writeFileSync(join(folder.path, "package.json"), '{ "type": "module" }');
  return folder;
}

/** In one step: the file is never half written. */
export function rewrite(folder: string, text: string): void {
  writeFileSync(join(folder, "saga.tmp"), text);
  renameSync(join(folder, "saga.tmp"), join(folder, "saga.ts"));
}

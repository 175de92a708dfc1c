import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Ran {
  readonly status: number | string;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs the command as a user does, in a process of its own. `interrupt` is printed when it is to be
 * sent SIGINT; `times` says how often.
 */
export function odori(
  args: readonly string[],
  interrupt?: string,
  cwd?: string,
  times = 1,
): Promise<Ran> {
  const flags = [
    "--conditions=odori-source",
    "--disable-warning=ExperimentalWarning",
    join(ROOT, "src", "cli", "main.ts"),
  ];
  const child = spawn(process.execPath, [...flags, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd,
  });
  let out = "";
  let err = "";
  let sent = false;
  child.stdout.on("data", (chunk) => {
    out += chunk;
    if (interrupt === undefined || sent || !out.includes(interrupt)) return;
    sent = true;
    child.kill("SIGINT");
    // Signals that are pending are one: the next is sent once the one before has been taken.
    const again = setInterval(() => child.kill("SIGINT"), 100);
    if (times === 1) clearInterval(again);
    child.once("close", () => clearInterval(again));
  });
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ status: signal ?? code ?? "?", out, err }));
  });
}

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether the model checker Spin, and the C compiler that it needs, are installed. */
export function hasSpin(): boolean {
  return ["spin", "gcc"].every(
    (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined,
  );
}

/** How many states Spin stores for a model, explored to the end. */
export function spinStates(promela: string): number {
  const folder = mkdtempSync(join(tmpdir(), "odori-spin-"));
  try {
    writeFileSync(join(folder, "model.pml"), promela);
    const run = (program: string, ...args: readonly string[]) =>
      execFileSync(program, args, {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    run("spin", "-a", "-o3", "model.pml");
    run("gcc", "-O1", "-w", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=1024", "-o", "pan", "pan.c");
    const out = run("./pan", "-E", "-c0", "-m100000", "-n");
    const found = /(\d+) states, stored/.exec(out);
    if (found === null || !out.includes("errors: 0"))
      throw new Error(`Spin did not finish: ${out}`);
    return Number(found[1]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";
import { MUTANTS } from "./catalogue.ts";
import { mutated } from "./mutant.ts";

/*
 * A mutant that refers to a name which is gone throws when it runs. Its suite may then fail for
 * that reason, or pass, since the runtime retries: neither shows the fault that it stands for.
 */
it("every mutant matches the source, and compiles", { timeout: 300_000 }, () => {
  // Within the project, so that the libraries' types are found.
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  using folder = temporaryFolder("mutants", join(ROOT, ".odori"));
  for (const [n, mutant] of MUTANTS.entries()) {
    const src = join(folder.path, `${n}`);
    cpSync(join(ROOT, "src"), src, { recursive: true });
    for (const file of new Set(mutant.edits.map((edit) => edit.file)))
      writeFileSync(join(src, file), mutated(mutant, file, readFileSync(join(src, file), "utf8")));
  }
  const config = {
    extends: join(ROOT, "tsconfig.json"),
    // A fault may leave a name without a use.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: [folder.path],
    exclude: [],
  };
  const file = join(folder.path, "tsconfig.json");
  writeFileSync(file, JSON.stringify(config));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", file], { encoding: "utf8" });
  const named = stdout.replace(/^.*?odori-mutants-[^/]+\/(\d+)/gm, (_, n) => MUTANTS[n]?.name ?? n);
  expect(named).toBe("");
});

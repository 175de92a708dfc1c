import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";
import { MUTANTS } from "./catalogue.ts";
import { type Mutant, mutated } from "./mutant.ts";

/*
 * A mutant that refers to a name which is gone throws when it runs. Its suite may then fail for
 * that reason, or pass, since the runtime retries: neither shows the fault that it stands for.
 */
it("every mutant matches the source, and compiles", { timeout: 300_000 }, () => {
  // Within the project, so that the libraries' types are found.
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  using folder = temporaryFolder("mutants", join(ROOT, ".odori"));
  const copies = packed(MUTANTS);
  for (const [n, mutants] of copies.entries()) {
    const src = join(folder.path, `${n}`);
    cpSync(join(ROOT, "src"), src, { recursive: true });
    for (const mutant of mutants)
      for (const file of filesOf(mutant))
        writeFileSync(
          join(src, file),
          mutated(mutant, file, readFileSync(join(ROOT, "src", file), "utf8")),
        );
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
  const namesOf = (n: string) => copies[Number(n)]?.map(({ name }) => name).join(", ") ?? n;
  const named = stdout.replace(/^.*?odori-mutants-[^/]+\/(\d+)/gm, (_, n) => namesOf(n));
  expect(named).toBe("");
});

/** Mutants that change different files share a copy: the compiler reads each copy whole. */
function packed(mutants: readonly Mutant[]): readonly (readonly Mutant[])[] {
  const copies: { readonly mutants: Mutant[]; readonly files: Set<string> }[] = [];
  for (const mutant of mutants) {
    const files = filesOf(mutant);
    let copy = copies.find((one) => [...files].every((file) => !one.files.has(file)));
    if (copy === undefined) {
      copy = { mutants: [], files: new Set() };
      copies.push(copy);
    }
    copy.mutants.push(mutant);
    for (const file of files) copy.files.add(file);
  }
  return copies.map((copy) => copy.mutants);
}

function filesOf({ edits }: Mutant): ReadonlySet<string> {
  return new Set(edits.map(({ file }) => file));
}

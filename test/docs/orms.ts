import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/scope.ts";
import { ROOT } from "../tidy/sources.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "orms.md"), "utf8");

/** The programs of the page on ORMs, by the file name in their first line. */
export const programs = [...PAGE.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(
  ([, file = "", code = ""]) => ({ file, code }),
);

/** Writes the programs of the page to a folder where the libraries are found. */
export function written() {
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  const folder = temporaryFolder("orms", join(ROOT, ".odori"));
  mkdirSync(join(folder.path, "node_modules"));
  for (const name of ["drizzle-orm", "kysely", "knex"])
    symlinkSync(
      join(ROOT, "test", "orms", "node_modules", name),
      join(folder.path, "node_modules", name),
    );
  for (const { file, code } of programs) writeFileSync(join(folder.path, file), code);
  return folder;
}

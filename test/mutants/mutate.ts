import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { MUTANTS } from "./catalogue.ts";

/*
 * Loaded before the program: changes the source of the mutant that ODORI_MUTANT names while it is
 * being read.
 */

const SRC = new URL("../../src/", import.meta.url);
const mutant = MUTANTS.find(({ name }) => name === process.env.ODORI_MUTANT);

registerHooks({
  load(url, context, next) {
    const edits = mutant?.edits.filter(({ file }) => new URL(file, SRC).href === url) ?? [];
    if (edits.length === 0) return next(url, context);
    let source = readFileSync(fileURLToPath(url), "utf8");
    for (const { file, find, put } of edits) {
      if (source.split(find).length !== 2)
        throw new Error(`${file} does not hold exactly once: ${find}`);
      source = source.replace(find, () => put);
    }
    return { format: "module-typescript", source, shortCircuit: true };
  },
});

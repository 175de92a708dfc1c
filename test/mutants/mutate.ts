import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { MUTANTS } from "./catalogue.ts";
import { mutated } from "./mutant.ts";

/*
 * Loaded before the program: changes the source of the mutant that ODORI_MUTANT names while it is
 * being read.
 */

const SRC = new URL("../../src/", import.meta.url);
const mutant = MUTANTS.find(({ name }) => name === process.env.ODORI_MUTANT);

registerHooks({
  load(url, context, next) {
    const file = mutant?.edits.find((edit) => new URL(edit.file, SRC).href === url)?.file;
    if (mutant === undefined || file === undefined) return next(url, context);
    const source = mutated(mutant, file, readFileSync(fileURLToPath(url), "utf8"));
    return { format: "module-typescript", source, shortCircuit: true };
  },
});

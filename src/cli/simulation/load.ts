import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import { Simulation } from "../../simulate/simulation.ts";
import { importModule, type ModuleExports } from "../import-module.ts";

/** Any simulation that a module exports: the command looks at none of its rows. */
export type AnySimulation = Simulation<unknown>;

/**
 * Loads the simulation that a module exports: its default export, or the only one. Throws
 * `MODULE_UNREADABLE`, or `SIMULATION_MISSING`.
 */
export async function loadSimulation(path: string): Promise<AnySimulation> {
  const file = resolve(path);
  if (!existsSync(file) || !statSync(file).isFile()) {
    const what = existsSync(file) ? "is not a regular file" : "does not exist";
    throw new OdoriError("MODULE_UNREADABLE", `The module ${path} ${what}.`, {
      hint: "Pass the path of a TypeScript or JavaScript module.",
    });
  }
  let module: ModuleExports;
  try {
    module = await importModule(file);
  } catch (cause) {
    throw new OdoriError("MODULE_UNREADABLE", `Cannot load ${path}: ${messageOf(cause)}.`, {
      cause,
      hint: "Run the module with node to see where it fails.",
    });
  }
  const found = Object.entries(module).filter(isSimulation);
  const main = found.find(([name]) => name === "default");
  const [only] = found;
  if (main !== undefined) return main[1];
  if (only !== undefined && found.length === 1) return only[1];
  const names = found.map(([name]) => quote(name)).join(", ");
  throw new OdoriError(
    "SIMULATION_MISSING",
    found.length === 0
      ? `The module ${path} exports no simulation.`
      : `The module ${path} exports several simulations: ${names}.`,
    { hint: "Export one as default: export default simulation(choreography, { given })." },
  );
}

function isSimulation(entry: readonly [string, unknown]): entry is [string, AnySimulation] {
  return entry[1] instanceof Simulation;
}

import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Choreography, isChoreography } from "../choreography/choreography.ts";
import { isService, type Service } from "../choreography/service.ts";
import { messageOf, OdoriError } from "../contract/errors.ts";
import type { EventContract } from "../contract/event.ts";
import { quote } from "../contract/grammar.ts";
import { withStop } from "../text/sentence.ts";
import { type DeclaredExports, declaredExports } from "./declared-exports.ts";
import { readText } from "./files.ts";
import { importModule, type ModuleExports } from "./import-module.ts";

type AnyService = Service<unknown, EventContract>;

/** Holds the choreographies and services that a module exports. */
export interface Exports {
  /** By export name, `default` first. */
  readonly choreographies: ReadonlyMap<string, Choreography>;
  /** By service name: exported directly, or part of an exported choreography. */
  readonly services: ReadonlyMap<string, AnyService>;
}

/**
 * Loads the services that a module exports, directly or as part of a choreography. Throws as
 * `loadExports` does.
 */
export async function loadServices(path: string): Promise<readonly AnyService[]> {
  return [...(await loadExports(path)).services.values()];
}

/**
 * Loads a TypeScript or JavaScript module. Throws `MODULE_UNREADABLE` if the module cannot be
 * imported. Throws `MODULE_EXPORTS_NOTHING` if it exports neither a service nor a choreography; a
 * module whose source has no exports is not run at all.
 */
export async function loadExports(path: string): Promise<Exports> {
  const file = resolve(path);
  if (!existsSync(file))
    throw unreadable(
      path,
      "it does not exist",
      "Pass the path of a TypeScript or JavaScript module.",
    );
  // A pipe or a device might never end.
  if (!statSync(file).isFile())
    throw unreadable(path, "it is not a regular file", "Pass the path of a module.");
  const declared = await look(file);
  if (declared?.names?.length === 0) throw exportsNothing(path, declared, " It was not run.");
  const exports = exportsIn(await load(path, file));
  if (exports.services.size === 0) throw exportsNothing(path, declared, "");
  return exports;
}

async function look(file: string): Promise<DeclaredExports | undefined> {
  return /\.[cm]?[jt]sx?$/i.test(file) ? declaredExports(readText(file)) : undefined;
}

function exportsIn(module: ModuleExports): Exports {
  const choreographies = new Map<string, Choreography>();
  const services = new Map<string, AnyService>();
  for (const [name, value] of entriesOf(module)) {
    const known = isChoreography(value) ? [...choreographies.values()].includes(value) : true;
    if (isChoreography(value) && !known) choreographies.set(name, value);
    const list = (isChoreography(value) ? value.services : [value]).filter(isService);
    for (const service of list) services.set(service.name, service);
  }
  return { choreographies, services };
}

function entriesOf(module: ModuleExports): readonly (readonly [string, unknown])[] {
  // `export = order` in CommonJS: the module is the choreography.
  if (isChoreography(module) || isService(module)) return [["default", module]];
  return Object.entries(module).sort(
    ([a], [b]) => Number(b === "default") - Number(a === "default"),
  );
}

async function load(path: string, file: string): Promise<ModuleExports> {
  try {
    return await importModule(file);
  } catch (cause) {
    // That a module starts a service is the whole fault, not a detail of it.
    if (cause instanceof OdoriError && cause.code === "NOT_STARTED") throw cause;
    const error = unreadable(
      path,
      messageOf(cause),
      "Run the module with node to see where it fails.",
    );
    error.cause = cause;
    throw error;
  }
}

function unreadable(path: string, what: string, hint: string): OdoriError {
  return new OdoriError("MODULE_UNREADABLE", `Cannot load the module ${path}: ${withStop(what)}`, {
    hint,
  });
}

/** Names of imports that an error shows. */
const SHOWN_MAX = 5;

function exportsNothing(
  path: string,
  declared: DeclaredExports | undefined,
  more: string,
): OdoriError {
  const imports = declared?.imports.slice(0, SHOWN_MAX) ?? [];
  const among = imports.length === 0 ? "" : `; it imports ${imports.map(quote).join(", ")}`;
  return new OdoriError(
    "MODULE_EXPORTS_NOTHING",
    `The module ${path} exports neither a service nor a choreography.${more}`,
    { hint: `Pass the module that exports the return value of choreography()${among}.` },
  );
}

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Choreography, isChoreography } from "../choreography/choreography.ts";
import { isService, type Service } from "../choreography/service.ts";
import { messageOf, OdoriError } from "../contract/errors.ts";
import type { EventContract } from "../contract/event.ts";

type AnyService = Service<unknown, EventContract>;

/** Holds the choreographies and services that a module exports. */
export interface Exports {
  /** By export name, `default` first. */
  readonly choreographies: ReadonlyMap<string, Choreography>;
  /** By service name: exported directly, or part of an exported choreography. */
  readonly services: ReadonlyMap<string, AnyService>;
}

/**
 * Loads the services that a module exports, directly or as part of a choreography.
 * Throws `MODULE_UNREADABLE`.
 */
export async function loadServices(path: string): Promise<readonly AnyService[]> {
  return [...(await loadExports(path)).services.values()];
}

/**
 * Loads a TypeScript or JavaScript module. Throws `MODULE_UNREADABLE` if the module cannot be
 * imported, or exports neither a service nor a choreography.
 */
export async function loadExports(path: string): Promise<Exports> {
  const file = resolve(path);
  if (!existsSync(file))
    throw unreadable(
      path,
      "it does not exist",
      "Pass the path of a TypeScript or JavaScript module.",
    );
  const choreographies = new Map<string, Choreography>();
  const services = new Map<string, AnyService>();
  const exported = Object.entries(await load(path, file)).sort(
    ([a], [b]) => Number(b === "default") - Number(a === "default"),
  );
  for (const [name, value] of exported) {
    const known = isChoreography(value) ? [...choreographies.values()].includes(value) : true;
    if (isChoreography(value) && !known) choreographies.set(name, value);
    const list = isChoreography(value) ? value.services : isService(value) ? [value] : [];
    for (const service of list) services.set(service.name, service);
  }
  if (services.size === 0)
    throw unreadable(
      path,
      "it exports neither a service nor a choreography",
      "Export the return value of service() or choreography().",
    );
  return { choreographies, services };
}

async function load(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (cause) {
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
  return new OdoriError("MODULE_UNREADABLE", `Cannot load the module ${path}: ${what}.`, {
    hint,
  });
}

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Choreography, isChoreography } from "../choreography/choreography.ts";
import { isService, type Service } from "../choreography/service.ts";
import { messageOf, OdoriError } from "../contract/errors.ts";
import type { EventContract } from "../contract/event.ts";

type AnyService = Service<unknown, EventContract>;

/** What a module exports of Odori's. */
export interface Exports {
  /** By name, `default` first. */
  readonly choreographies: ReadonlyMap<string, Choreography>;
  /** By their own names, by themselves or within a choreography. */
  readonly services: ReadonlyMap<string, AnyService>;
}

/**
 * The services that a module exports, by itself or within a choreography. Throws
 * `MODULE_UNREADABLE`.
 */
export async function loadServices(path: string): Promise<readonly AnyService[]> {
  return [...(await loadExports(path)).services.values()];
}

/**
 * Loads a TypeScript or JavaScript module. Throws `MODULE_UNREADABLE`, also where it exports
 * nothing of ours.
 */
export async function loadExports(path: string): Promise<Exports> {
  const file = resolve(path);
  if (!existsSync(file))
    throw unreadable(path, "it does not exist", "Name a TypeScript or JavaScript module.");
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
      "it exports no service and no choreography",
      "Export what service() or choreography() returned.",
    );
  return { choreographies, services };
}

async function load(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (cause) {
    const error = unreadable(path, messageOf(cause), "Run it with node to see where it fails.");
    error.cause = cause;
    throw error;
  }
}

function unreadable(path: string, what: string, hint: string): OdoriError {
  return new OdoriError("MODULE_UNREADABLE", `The module ${path} cannot be used: ${what}.`, {
    hint,
  });
}

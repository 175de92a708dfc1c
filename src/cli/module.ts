import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isChoreography } from "../choreography/choreography.ts";
import { isService, type Service } from "../choreography/service.ts";
import { messageOf, OdoriError } from "../contract/errors.ts";
import type { EventContract } from "../contract/event.ts";

/** The services that a module exports, by itself or within a choreography. Throws `MODULE_UNREADABLE`. */
export async function loadServices(path: string): Promise<readonly Service<unknown, EventContract>[]> {
  const file = resolve(path);
  if (!existsSync(file)) throw unreadable(path, "it does not exist", "Name a TypeScript or JavaScript module.");
  const services = new Map<string, Service<unknown, EventContract>>();
  for (const value of Object.values(await load(path, file))) {
    const list = isChoreography(value) ? value.services : isService(value) ? [value] : [];
    for (const service of list) services.set(service.name, service);
  }
  if (services.size === 0)
    throw unreadable(path, "it exports no service and no choreography", "Export what service() or choreography() returned.");
  return [...services.values()];
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

function unreadable(path: string, what: string, mend: string): OdoriError {
  return new OdoriError("MODULE_UNREADABLE", `The module ${path} cannot be used: ${what}.`, { mend });
}

import { basename, extname } from "node:path";
import type { Choreography } from "../choreography/choreography.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { manifestOf, manifestOfServices } from "../manifest/from-code.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { loadExports } from "./module.ts";
import { type CallSites, callSitesOf } from "./places/code.ts";

/** Holds the manifest of a module, and where its parts were declared. */
export interface ModuleManifest {
  readonly manifest: Manifest;
  readonly sites: CallSites;
}

/**
 * Reads a module, or one export of it (`file#name`), as a manifest. Throws as `loadExports` does,
 * and `MODULE_UNREADABLE` where it is not clear which choreography is meant.
 */
export async function moduleManifest(path: string): Promise<ModuleManifest> {
  const [file = path, name] = path.split("#");
  const { choreographies, services } = await loadExports(file);
  const [first] = choreographies.values();
  if (name !== undefined) {
    const named = choreographies.get(name);
    if (named !== undefined) return located(named);
    throw new OdoriError(
      "MODULE_UNREADABLE",
      `The module ${quote(file)} exports no choreography named ${quote(name)}.`,
      {
        hint: `The module exports ${[...choreographies.keys()].join(", ") || "no choreography"}.`,
      },
    );
  }
  if (first === undefined) {
    const list = [...services.values()];
    const manifest = manifestOfServices(nameOf(file, [...services.keys()]), list);
    return { manifest, sites: callSitesOf(list, undefined) };
  }
  if (choreographies.size > 1 && !choreographies.has("default")) {
    throw new OdoriError(
      "MODULE_UNREADABLE",
      `The module ${quote(file)} exports several choreographies.`,
      {
        hint: `Pick one: ${[...choreographies.keys()].map((key) => `${file}#${key}`).join(", ")}.`,
      },
    );
  }
  return located(first);
}

function located(choreography: Choreography): ModuleManifest {
  return {
    manifest: manifestOf(choreography),
    sites: callSitesOf(choreography.services, choreography),
  };
}

function nameOf(file: string, services: readonly string[]): string {
  return services.length === 1 ? (services[0] ?? "services") : basename(file, extname(file));
}

import { relative } from "node:path";
import { Option } from "commander";
import { OdoriError } from "../contract/errors.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { checkOwner, configFile } from "./config-file.ts";
import { isDocument } from "./files.ts";

/** The flags that name a choreography. */
export interface ChoreographyFlags {
  readonly source: readonly string[];
  readonly config?: string;
}

/** Creates `--source`, for a command that works without one as well. */
export function choreographyOption(what: string): Option {
  return new Option("--source <path...>", `${what}: module, manifest or AsyncAPI document`).default(
    [],
    "that of the configuration",
  );
}

/** Reads the choreography that `--source` or the configuration names. */
export async function namedManifest({
  source,
  config,
}: ChoreographyFlags): Promise<Manifest | undefined> {
  const paths = source.length > 0 ? source : await configured(config);
  if (paths.length === 0) return undefined;
  const { loadManifest } = await import("./source.ts");
  return (await loadManifest(paths)).manifest;
}

/**
 * Returns the sources that an argument names, else the one of the configuration. Rejects with
 * `USAGE` if there is none.
 */
export async function namedSources(
  command: string,
  source: readonly string[],
  config?: string,
): Promise<readonly string[]> {
  const paths = source.length > 0 ? source : await configured(config);
  if (paths.length > 0) return paths;
  throw new OdoriError("USAGE", `${command} needs at least one source.`, {
    hint:
      "Pass a module, a manifest or an AsyncAPI document, or set choreography in " +
      "odori.config.json.",
  });
}

async function configured(config: string | undefined): Promise<readonly string[]> {
  const file = configFile(config);
  if (file === undefined) return [];
  const { projectConfig } = await import("./config.ts");
  const { manifest, choreography } = projectConfig(file);
  if (choreography !== undefined && !isDocument(choreography) && config === undefined)
    checkOwner(file, "which names a module to be run");
  return [choreography ?? manifest ?? []].flat().map((path) => relative(process.cwd(), path));
}

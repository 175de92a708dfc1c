import { Option } from "commander";
import type { Manifest } from "../manifest/manifest.ts";
import { configFile } from "./config-file.ts";

/** The flags that name a choreography. */
export interface ChoreographyFlags {
  readonly source: readonly string[];
  readonly config?: string;
}

/** Creates `--source`, for a command that works without one as well. */
export function choreographyOption(what: string): Option {
  return new Option("--source <path...>", `${what}: module, manifest or AsyncAPI document`).default(
    [],
    "manifest of the configuration",
  );
}

/** Reads the choreography that `--source` or the configuration names. */
export async function namedManifest({
  source,
  config,
}: ChoreographyFlags): Promise<Manifest | undefined> {
  const paths = source.length > 0 ? source : await configured(configFile(config));
  if (paths.length === 0) return undefined;
  const { loadManifest } = await import("./source.ts");
  return (await loadManifest(paths)).manifest;
}

async function configured(file: string | undefined): Promise<readonly string[]> {
  if (file === undefined) return [];
  const { projectConfig } = await import("./config.ts");
  const { manifest } = projectConfig(file);
  return manifest === undefined ? [] : [manifest];
}

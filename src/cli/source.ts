import { basename, extname } from "node:path";
import { isAsyncApi, readAsyncApi } from "../asyncapi/read.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { manifestOf, manifestOfServices } from "../manifest/from-code.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { type Merged, mergeManifests } from "../manifest/merge.ts";
import { toManifest } from "../manifest/read.ts";
import { parseJsonOrYaml } from "../manifest/text.ts";
import { documentsBeside, readText } from "./files.ts";
import { loadExports } from "./module.ts";

type Run = <T>(work: () => T) => T;

const UNBOUNDED: Run = (work) => work();

/**
 * Reads the sources and merges them into one manifest, with its services in order of name. `run`
 * may bound the time that documents take. Throws `MODULE_UNREADABLE`, `FILE_UNREADABLE` or
 * `MANIFEST_INVALID`.
 */
export async function loadManifest(
  paths: readonly string[],
  run: Run = UNBOUNDED,
): Promise<Merged> {
  const sources: { readonly from: string; readonly manifest: Manifest }[] = [];
  for (const from of paths) sources.push({ from, manifest: await loadOne(from, run) });
  const { manifest, contradictions } = run(() => mergeManifests(sources));
  // In order of name, so that a picture does not depend on the order of the sources.
  const services = new Map([...manifest.services].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { manifest: { ...manifest, services }, contradictions };
}

/** Reads one source: a document, a module, or one export of a module (`file#name`). */
async function loadOne(path: string, run: Run): Promise<Manifest> {
  if (/\.(json|ya?ml)$/i.test(path)) return run(() => readDocument(path));
  const [file = path, name] = path.split("#");
  const { choreographies, services } = await loadExports(file);
  const [first] = choreographies.values();
  if (name !== undefined) {
    const named = choreographies.get(name);
    if (named !== undefined) return manifestOf(named);
    throw new OdoriError(
      "MODULE_UNREADABLE",
      `The module ${quote(file)} exports no choreography named ${quote(name)}.`,
      {
        hint: `The module exports ${[...choreographies.keys()].join(", ") || "no choreography"}.`,
      },
    );
  }
  if (first === undefined)
    return manifestOfServices(nameOf(file, [...services.keys()]), [...services.values()]);
  if (choreographies.size > 1 && !choreographies.has("default")) {
    throw new OdoriError(
      "MODULE_UNREADABLE",
      `The module ${quote(file)} exports several choreographies.`,
      {
        hint: `Pick one: ${[...choreographies.keys()].map((key) => `${file}#${key}`).join(", ")}.`,
      },
    );
  }
  return manifestOf(first);
}

function readDocument(path: string): Manifest {
  const { value, place } = parseJsonOrYaml(path, readText(path));
  return isAsyncApi(value)
    ? readAsyncApi(value, path, documentsBeside(path))
    : toManifest(value, path, place);
}

function nameOf(file: string, services: readonly string[]): string {
  return services.length === 1 ? (services[0] ?? "services") : basename(file, extname(file));
}

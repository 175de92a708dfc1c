import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { isAsyncApi, readAsyncApi } from "../asyncapi/read.ts";
import type { LoadDocument } from "../asyncapi/resolve.ts";
import { messageOf, OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { manifestOf, manifestOfServices } from "../manifest/from-code.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { type Merged, mergeManifests } from "../manifest/merge.ts";
import { toManifest } from "../manifest/read.ts";
import { parseJsonOrYaml } from "../manifest/text.ts";
import { loadExports } from "./module.ts";

/**
 * Reads the sources and merges them into one manifest, with its services in order of name.
 * Throws `MODULE_UNREADABLE`, `FILE_UNREADABLE` or `MANIFEST_INVALID`.
 */
export async function loadManifest(paths: readonly string[]): Promise<Merged> {
  const sources = [];
  for (const from of paths) sources.push({ from, manifest: await loadOne(from) });
  const { manifest, contradictions } = mergeManifests(sources);
  // In order of name, so that a picture does not depend on the order of the sources.
  const services = new Map([...manifest.services].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { manifest: { ...manifest, services }, contradictions };
}

/** Reads one source: a document, a module, or one export of a module (`file#name`). */
async function loadOne(path: string): Promise<Manifest> {
  if (/\.(json|ya?ml)$/i.test(path)) return readDocument(path);
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

async function readDocument(path: string): Promise<Manifest> {
  const { value, place } = parseJsonOrYaml(path, await readText(path));
  return isAsyncApi(value) ? readAsyncApi(value, path, loadBeside) : toManifest(value, path, place);
}

/** Loads a document that another one refers to, relative to the folder of that one. */
const loadBeside: LoadDocument = (name, from) => {
  const file = join(dirname(from), name);
  try {
    return { file, value: parseJsonOrYaml(file, readFileSync(file, "utf8")).value };
  } catch (cause) {
    if (cause instanceof OdoriError) throw cause;
    throw unreadable(file, cause);
  }
};

/** Reads a UTF-8 text file. Throws `FILE_UNREADABLE`. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): OdoriError {
  return new OdoriError(
    "FILE_UNREADABLE",
    `Cannot read the file ${quote(path)}: ${messageOf(cause)}.`,
    {
      cause,
      hint: "Check the path and the permissions of the file.",
    },
  );
}

function nameOf(file: string, services: readonly string[]): string {
  return services.length === 1 ? (services[0] ?? "services") : basename(file, extname(file));
}

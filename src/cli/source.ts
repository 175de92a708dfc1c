import { basename, extname } from "node:path";
import { isAsyncApi, readAsyncApi } from "../asyncapi/read.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { Source } from "../manifest/contradiction.ts";
import { manifestOf, manifestOfServices } from "../manifest/from-code.ts";
import { isLinks, type Links, toLinks } from "../manifest/links.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { type Merged, mergeManifests } from "../manifest/merge.ts";
import { toManifest } from "../manifest/read.ts";
import { type ParsedText, parseJsonOrYaml } from "../manifest/text.ts";
import { isAsyncApi2, loadConverter } from "./converter.ts";
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
  const documents = paths.map((path) => (DOCUMENT.test(path) ? run(() => parse(path)) : path));
  // The names that overlays give are needed to read the documents.
  const overlays = new Map(
    documents.flatMap((source) =>
      typeof source !== "string" && isLinks(source.value)
        ? [[source, run(() => linksOf(source))] as const]
        : [],
    ),
  );
  const names = new Map([...overlays.values()].flatMap((links) => [...links.names]));
  const sources: Source[] = [];
  for (const source of documents) {
    if (typeof source === "string") {
      sources.push({ from: source, manifest: await loadModule(source) });
      continue;
    }
    const from = source.path;
    const links = overlays.get(source);
    if (links !== undefined) sources.push({ from, ...links });
    else sources.push({ from, manifest: await readDocument(source, names, run) });
  }
  const { manifest, contradictions } = run(() => mergeManifests(sources));
  // In order of name, so that a picture does not depend on the order of the sources.
  const services = new Map([...manifest.services].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { manifest: { ...manifest, services }, contradictions };
}

/** Reads a module, or one export of a module (`file#name`). */
async function loadModule(path: string): Promise<Manifest> {
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

const DOCUMENT = /\.(json|ya?ml)$/i;

interface Parsed extends ParsedText {
  readonly path: string;
}

function parse(path: string): Parsed {
  return { path, ...parseJsonOrYaml(path, readText(path)) };
}

function linksOf({ path, value, place }: Parsed): Links {
  return toLinks(value, path, basename(path, extname(path)), place);
}

async function readDocument(
  { path, value, place }: Parsed,
  names: ReadonlyMap<string, string>,
  run: Run,
): Promise<Manifest> {
  if (!isAsyncApi(value)) return run(() => toManifest(value, path, place));
  const convert = isAsyncApi2(value) ? await loadConverter() : undefined;
  return run(() => {
    const document = convert === undefined ? value : convert(value, path);
    return readAsyncApi(document, path, documentsBeside(path), names);
  });
}

function nameOf(file: string, services: readonly string[]): string {
  return services.length === 1 ? (services[0] ?? "services") : basename(file, extname(file));
}

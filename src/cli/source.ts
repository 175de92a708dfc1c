import { basename, extname } from "node:path";
import { isAsyncApi, readAsyncApi } from "../asyncapi/read.ts";
import type { Source } from "../manifest/contradiction.ts";
import { isLinks, type Links, toLinks } from "../manifest/links.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { type Merged, mergeManifests } from "../manifest/merge.ts";
import { toManifest } from "../manifest/read.ts";
import { type ParsedText, parseJsonOrYaml } from "../manifest/text.ts";
import { isAsyncApi2, loadConverter } from "./converter.ts";
import { documentsBeside, isDocument, readText } from "./files.ts";
import { manifestInThread } from "./in-thread.ts";
import { inCode } from "./places/code.ts";
import { inDocument, inFile } from "./places/document.ts";
import type { LocatedSource } from "./places/places.ts";

/** Holds the merged manifest, and the sources with the places of their elements. */
export interface LoadedSources extends Merged {
  readonly sources: readonly LocatedSource[];
}

type Run = <T>(work: () => T) => T;

const UNBOUNDED: Run = (work) => work();

/**
 * Reads the sources and merges them into one manifest, with its services in order of name. `run`
 * may bound the time that documents take. Throws `FILE_UNREADABLE`, `MANIFEST_INVALID`, and the
 * errors of `manifestInThread`.
 */
export async function loadManifest(
  paths: readonly string[],
  run: Run = UNBOUNDED,
): Promise<LoadedSources> {
  const documents = paths.map((path) => (isDocument(path) ? run(() => parse(path)) : path));
  // The names that overlays give are needed to read the documents.
  const overlays = new Map(
    documents.flatMap((source) =>
      typeof source !== "string" && isLinks(source.value)
        ? [[source, run(() => linksOf(source))] as const]
        : [],
    ),
  );
  const names = new Map([...overlays.values()].flatMap((links) => [...links.names]));
  const sources: (Source & LocatedSource)[] = [];
  for (const source of documents) {
    if (typeof source === "string") {
      const { manifest, sites } = await manifestInThread(source);
      sources.push({ from: source, manifest, locate: inCode(sites) });
      continue;
    }
    const from = source.path;
    const links = overlays.get(source);
    const read = links ?? { manifest: await readDocument(source, names, run) };
    const locate = isAsyncApi(source.value) ? inFile(from) : inDocument(source, read.manifest);
    sources.push({ from, ...read, locate });
  }
  const { manifest, contradictions } = run(() => mergeManifests(sources));
  // In order of name, so that a picture does not depend on the order of the sources.
  const services = new Map([...manifest.services].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { manifest: { ...manifest, services }, contradictions, sources };
}

/** Holds the value of a document, and where it is from. */
interface Parsed extends ParsedText {
  readonly path: string;
}

function parse(path: string): Parsed {
  return { path, ...parseJsonOrYaml(path, readText(path)) };
}

function linksOf({ path, value, place }: Parsed): Links {
  return toLinks(value, path, basename(path, extname(path)), place);
}

/** Reads a parsed manifest or AsyncAPI document. Throws `MANIFEST_INVALID`. */
export async function readDocument(
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

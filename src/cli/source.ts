import { isAsyncApi, readAsyncApi } from "../asyncapi/read.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { type Merged, mergeManifests } from "../manifest/merge.ts";
import { toManifest } from "../manifest/read.ts";
import { parseJsonOrYaml } from "../manifest/text.ts";
import { documentsBeside, readText } from "./files.ts";
import { manifestInThread } from "./in-thread.ts";

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
  return manifestInThread(path);
}

function readDocument(path: string): Manifest {
  const { value, place } = parseJsonOrYaml(path, readText(path));
  return isAsyncApi(value)
    ? readAsyncApi(value, path, documentsBeside(path))
    : toManifest(value, path, place);
}

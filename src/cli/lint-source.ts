import { OdoriError } from "../contract/errors.ts";
import type { Source } from "../manifest/contradiction.ts";
import { isEventList, toEventList } from "../manifest/event-list.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { mergeManifests } from "../manifest/merge.ts";
import { parseJsonOrYaml } from "../manifest/text.ts";
import { isDocument, readText } from "./files.ts";
import { loadManifest, readDocument } from "./source.ts";
import type { TimeLimit } from "./time-limit.ts";

/** Most characters that are read from standard input. */
const INPUT_MAX_CHARS = 1024 * 1024;
/** YAML reads JSON too. */
const INPUT_NAME = "stdin.yaml";

/**
 * Reads the sources of `odori lint`: those of the other commands, and bare lists of events; `-` is
 * standard input. Throws as `loadManifest` does.
 */
export async function loadForLint(paths: readonly string[], limit: TimeLimit): Promise<Manifest> {
  const run = <T>(work: () => T) => limit.run(work);
  const sources: Source[] = [];
  const others: string[] = [];
  for (const from of paths) {
    const parsed = await documentAt(from, run);
    if (parsed !== undefined && isEventList(parsed.value)) {
      const { value, path, place } = parsed;
      sources.push({ from, manifest: run(() => toEventList(value, path, place)) });
    } else if (from === "-" && parsed !== undefined)
      sources.push({ from, manifest: await readDocument(parsed, new Map(), run) });
    else others.push(from);
  }
  if (others.length > 0) {
    const { manifest } = await loadManifest(others, run);
    sources.push({ from: others.join(", "), manifest });
  }
  return run(() => mergeManifests(sources)).manifest;
}

/** Parses a document, or standard input; returns undefined for a module. */
async function documentAt(from: string, run: <T>(work: () => T) => T) {
  if (from !== "-" && !isDocument(from)) return undefined;
  const [path, text] = from === "-" ? [INPUT_NAME, await input()] : [from, readText(from)];
  return run(() => ({ path, ...parseJsonOrYaml(path, text) }));
}

async function input(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    text += chunk;
    if (text.length > INPUT_MAX_CHARS)
      throw new OdoriError("FILE_UNREADABLE", "Standard input is longer than 1 MiB.", {
        hint: "Pass a file.",
      });
  }
  return text;
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Document, Scalar, visit } from "yaml";
import type { Protocol } from "../asyncapi/bindings.ts";
import { toAsyncApi } from "../asyncapi/write.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { DOCUMENT_MAX_CHARS } from "../manifest/text.ts";
import { weightOf, YAML_MAX_CHARS } from "../manifest/yaml.ts";
import { escapeUnprintable } from "../text/printable.ts";
import { print, printText } from "./output.ts";
import { loadManifest } from "./source.ts";
import { TimeLimit } from "./time-limit.ts";

/** Holds the parsed options of `odori asyncapi`. */
export interface AsyncApiFlags {
  readonly service?: string;
  readonly protocol: Protocol;
  readonly docVersion: string;
  readonly split?: string;
  readonly json: boolean;
  readonly seconds: number;
}

/**
 * Runs `odori asyncapi`: prints a document, or writes one for each service. Throws
 * `DOCUMENT_TOO_LARGE`, `NOT_IN_CHOREOGRAPHY` and the errors of `loadManifest`.
 */
export async function runAsyncApi(paths: readonly string[], flags: AsyncApiFlags): Promise<void> {
  const { seconds, split: folder, service } = flags;
  const limit = new TimeLimit(seconds * 1_000, () =>
    tooLarge(`is not written after ${seconds} seconds`),
  );
  const { manifest } = await loadManifest(paths, (work) => limit.run(work));
  const write = (one: string | undefined) => limit.run(() => textOf(manifest, flags, one));
  if (folder === undefined) return printText(write(service));
  await mkdir(folder, { recursive: true });
  for (const one of [undefined, ...manifest.services.keys()]) {
    // A manifest from elsewhere may name a service "../x": keep the file in the folder.
    const name = one === undefined ? "asyncapi" : one.replace(/[^\p{L}\p{N}_-]/gu, "_");
    const file = join(folder, `${name}.${flags.json ? "json" : "yaml"}`);
    await writeFile(file, write(one));
    print(file);
  }
}

function textOf(
  manifest: Manifest,
  { protocol, docVersion, json }: AsyncApiFlags,
  service: string | undefined,
): string {
  const document = toAsyncApi(manifest, {
    protocol,
    version: docVersion,
    ...(service !== undefined && { service }),
  });
  // A reaction is in the list of each event that it hears: a short manifest can become any length.
  if (weightOf(document) > (json ? DOCUMENT_MAX_CHARS : YAML_MAX_CHARS))
    throw tooLarge(`would be larger than any command reads as ${json ? "JSON" : "YAML"}`);
  if (json) return escapeUnprintable(`${JSON.stringify(document, undefined, 2)}\n`);
  return yaml(document);
}

function tooLarge(what: string): OdoriError {
  return new OdoriError("DOCUMENT_TOO_LARGE", `The document ${what}.`, {
    hint: "Write the part of one service (--service), JSON (--json), or raise --seconds.",
  });
}

/** Only a quoted scalar can have an escape, so one that needs it is quoted. */
function yaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === "string" && escapeUnprintable(scalar.value) !== scalar.value)
        scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeUnprintable(document.toString({ lineWidth: 120 }));
}

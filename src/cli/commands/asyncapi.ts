import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, Option } from "commander";
import { PROTOCOLS, type Protocol } from "../../asyncapi/bindings.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import { escapeUnprintable } from "../../text/printable.ts";
import { SOURCES } from "../data.ts";
import { print, printText } from "../output.ts";

interface Flags {
  readonly service?: string;
  readonly protocol: Protocol;
  readonly docVersion: string;
  readonly split?: string;
  readonly json: boolean;
}

/** Creates `odori asyncapi`: writes the choreography as AsyncAPI documents. */
export function asyncapiCommand(): Command {
  return new Command("asyncapi")
    .summary("print an AsyncAPI 3.1 document")
    .description("Print a choreography, or the part of one service, as an AsyncAPI 3.1 document.")
    .argument("<source...>", SOURCES)
    .option("--service <name>", "include only the part of this service")
    .addOption(
      new Option("--protocol <protocol>", "protocol that names the headers")
        .choices(PROTOCOLS)
        .default("nats"),
    )
    .option("--doc-version <version>", "version of the API document", "1.0.0")
    .option(
      "--split <folder>",
      "write one document per service, and one for the whole, into a folder",
    )
    .option("--json", "write JSON instead of YAML", false)
    .addHelpText(
      "after",
      `
Examples:
  odori asyncapi src/choreography.ts > asyncapi.yaml
  odori asyncapi src/choreography.ts --service payment --json
  odori asyncapi src/choreography.ts --split docs/asyncapi
  odori check docs/asyncapi/asyncapi.yaml             every command reads these documents`,
    )
    .action(async (paths: readonly string[], flags: Flags) => {
      const { loadManifest } = await import("../source.ts");
      const { manifest } = await loadManifest(paths);
      if (flags.split === undefined) printText(await text(manifest, flags, flags.service));
      else await split(manifest, flags, flags.split);
    });
}

async function split(manifest: Manifest, flags: Flags, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const service of [undefined, ...manifest.services.keys()]) {
    // A manifest from elsewhere may name a service "../x": keep the file in the folder.
    const name = service === undefined ? "asyncapi" : service.replace(/[^\p{L}\p{N}_-]/gu, "_");
    const file = join(folder, `${name}.${flags.json ? "json" : "yaml"}`);
    await writeFile(file, await text(manifest, flags, service));
    print(file);
  }
}

async function text(
  manifest: Manifest,
  { protocol, docVersion, json }: Flags,
  service: string | undefined,
): Promise<string> {
  const { toAsyncApi } = await import("../../asyncapi/write.ts");
  const document = toAsyncApi(manifest, {
    protocol,
    version: docVersion,
    ...(service !== undefined && { service }),
  });
  if (json) return escapeUnprintable(`${JSON.stringify(document, undefined, 2)}\n`);
  return yaml(document);
}

/** Only a quoted scalar can have an escape, so one that needs it is quoted. */
async function yaml(value: unknown): Promise<string> {
  const { Document, Scalar, visit } = await import("yaml");
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === "string" && escapeUnprintable(scalar.value) !== scalar.value)
        scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeUnprintable(document.toString({ lineWidth: 120 }));
}

import { Command } from "commander";
import { writeManifest } from "../../manifest/write.ts";
import { printable } from "../../text/printable.ts";
import { namedSources } from "../choreography-option.ts";
import { SOURCES_OR_OWN } from "../data.ts";
import { FOUND, printText, warn } from "../output.ts";

/** Creates `odori manifest`: writes the canonical manifest. */
export function manifestCommand(): Command {
  return new Command("manifest")
    .summary("print the canonical manifest, as a baseline to commit")
    .description(
      "Print a choreography as a canonical manifest: JSON with sorted keys, the same on every run.",
    )
    .argument("[source...]", SOURCES_OR_OWN)
    .option("--json", "accepted for consistency; the output is always JSON", true)
    .addHelpText(
      "after",
      `
Examples:
  odori manifest src/choreography.ts > choreography.json      write a baseline to commit
  odori manifest order.json payment.json stock.json           merge several manifests

The package contains the JSON Schema of the format: odori/manifest.schema.json.

Exit status: 0 written, 1 the sources contradict each other, 2 the command could not run.`,
    )
    .action(async (paths: readonly string[]) => {
      const { loadManifest } = await import("../source.ts");
      const { manifest, contradictions } = await loadManifest(
        await namedSources("manifest", paths),
      );
      printText(writeManifest(manifest));
      for (const { code, message } of contradictions) warn(`${code}: ${printable(message)}`);
      if (contradictions.length > 0) process.exitCode = FOUND;
    });
}

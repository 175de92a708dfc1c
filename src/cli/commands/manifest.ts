import { Command } from "commander";
import { writeManifest } from "../../manifest/write.ts";
import { printable } from "../../text/printable.ts";
import { SOURCES } from "../data.ts";
import { FOUND } from "../output.ts";

export function manifestCommand(): Command {
  return new Command("manifest")
    .description(
      "Prints the choreography as canonical JSON: sorted, without anything that changes from run to run.",
    )
    .argument("<source...>", SOURCES)
    .option("--json", "JSON, as always", true)
    .addHelpText(
      "after",
      `
Examples:
  odori manifest src/choreography.ts > choreography.json      a baseline to commit
  odori manifest order.json payment.json stock.json           merged

Its JSON Schema is odori/manifest.schema.json. Exit status 1: the sources contradict each other.`,
    )
    .action(async (paths: readonly string[]) => {
      const { loadManifest } = await import("../source.ts");
      const { manifest, contradictions } = await loadManifest(paths);
      process.stdout.write(writeManifest(manifest));
      for (const { message } of contradictions)
        process.stderr.write(`CONTRADICTION: ${printable(message)}\n`);
      if (contradictions.length > 0) process.exitCode = FOUND;
    });
}

import { Command } from "commander";
import { explainEvent } from "../../explain/explain.ts";
import { explanationText } from "../../explain/words.ts";
import { jsonOption, SOURCES } from "../data.ts";
import { paint, print, printJson } from "../output.ts";

export function explainCommand(): Command {
  return new Command("explain")
    .description(
      "Says who emits an event, who hears it and what they do, and what follows; for a failure, who undoes what, and when that is over.",
    )
    .argument("<event>", "its type; the version may be left out where there is one")
    .argument("<source...>", SOURCES)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori explain payment.authorized.v1 src/choreography.ts
  odori explain inventory.reservation_failed src/choreography.ts --json`,
    )
    .action(
      async (event: string, paths: readonly string[], { json }: { readonly json: boolean }) => {
        const { loadManifest } = await import("../source.ts");
        const { manifest } = await loadManifest(paths);
        const explanation = explainEvent(manifest, event);
        if (json) printJson(explanation);
        else for (const line of explanationText(explanation, paint())) print(line);
      },
    );
}

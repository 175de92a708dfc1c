import { Command } from "commander";
import { explainEvent } from "../../explain/explain.ts";
import { explanationText } from "../../explain/words.ts";
import { namedSources } from "../choreography-option.ts";
import { jsonOption, SOURCES_OR_OWN } from "../data.ts";
import { paint, print, printJson } from "../output.ts";

/** An explanation is quick: what takes longer is for `odori check`. */
const STATES_LOOKED_AT = 20_000;

/** Creates `odori explain`: describes one event in sentences. */
export function explainCommand(): Command {
  return new Command("explain")
    .summary("explain one event: emitters, hearers and consequences")
    .description(
      "Explain one event: the services that emit it and hear it, and the reactions that follow. " +
        "For a failure, also the undos and the event that ends them.",
    )
    .argument("<event>", "event type; the version is optional if there is only one")
    .argument("[source...]", SOURCES_OR_OWN)
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
        const { toldEarly } = await import("../../check/told-early.ts");
        const { manifest } = await loadManifest(await namedSources("explain", paths));
        const explanation = explainEvent(manifest, event, toldEarly(manifest, STATES_LOOKED_AT));
        if (json) printJson(explanation);
        else for (const line of explanationText(explanation, paint())) print(line);
      },
    );
}

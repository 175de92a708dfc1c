import { Command } from "commander";
import { OdoriError } from "../../contract/errors.ts";
import { linksSkeleton } from "../../manifest/links-skeleton.ts";
import { printable } from "../../text/printable.ts";
import { jsonOption } from "../data.ts";
import { linksDocument, linksText } from "../links-text.ts";
import { printJson, printText, warn } from "../output.ts";

const SECONDS_MAX = 30;

/** Creates `odori link` with its subcommand `init`. */
export function linkCommand(): Command {
  return new Command("link")
    .summary("say what AsyncAPI documents leave out: what follows from what")
    .description(
      "Write an overlay for services of others: which event follows from which. Every command " +
        "reads it together with their AsyncAPI documents.",
    )
    .addCommand(init())
    .addHelpText("after", "\nExample:\n  odori link init order.yaml payment.yaml > links.yaml");
}

function init(): Command {
  return new Command("init")
    .summary("print the skeleton of an overlay, to be filled in")
    .description("Print the skeleton of an overlay for AsyncAPI documents, to be filled in.")
    .argument("<document...>", "AsyncAPI documents (JSON or YAML)")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori link init order.yaml payment.yaml stock.yaml > links.yaml
  odori check order.yaml payment.yaml stock.yaml links.yaml      what is still missing

Exit status: 0 written, 2 the command could not run.`,
    )
    .action(async (paths: readonly string[], { json }: { readonly json: boolean }) => {
      const { loadManifest } = await import("../source.ts");
      const { TimeLimit } = await import("../time-limit.ts");
      const limit = new TimeLimit(SECONDS_MAX * 1_000, tooLong);
      const run = <T>(work: () => T) => limit.run(work);
      const { manifest, contradictions } = await loadManifest(paths, run);
      const skeleton = linksSkeleton(manifest);
      if (skeleton.services.length === 0)
        throw new OdoriError("USAGE", "The links of every service are known: none is missing.", {
          hint: "Pass AsyncAPI documents of services that others have written.",
        });
      if (json) printJson(linksDocument(skeleton));
      else printText(linksText(skeleton, paths));
      for (const { code, message } of contradictions) warn(`${code}: ${printable(message)}`);
    });
}

function tooLong(): OdoriError {
  return new OdoriError("CHECK_TIMEOUT", `The documents are not read after ${SECONDS_MAX} s.`, {
    hint: "Pass fewer documents at once.",
  });
}

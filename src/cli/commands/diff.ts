import { Command } from "commander";
import { diffManifests } from "../../diff/diff.ts";
import { printable } from "../../text/printable.ts";
import { jsonOption } from "../data.ts";
import { FOUND, paint, print, printJson } from "../output.ts";

/** Creates `odori diff`: compares two states of a choreography. */
export function diffCommand(): Command {
  return new Command("diff")
    .summary("compare two versions, and report broken consumers")
    .description(
      "Compare two versions of a choreography, and report which known consumers the changes break.",
    )
    .argument(
      "<old>",
      "the old version: a module, a manifest or an AsyncAPI document; separate several by commas",
    )
    .argument("<new>", "the new version, in the same form")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori diff choreography.json src/choreography.ts     compare with the committed baseline
  odori diff old.json new.json --json
  odori diff order.json,payment.json order.json,payment-next.json

A consumer is known if one of the manifests says that it hears the event. A breaking change
needs a new version of the event, emitted next to the old one. Sagas in flight are compared too:
what their service would not find again in its database is breaking.

Exit status: 0 compatible, 1 breaking, 2 the command could not run.`,
    )
    .action(async (old: string, now: string, { json }: { readonly json: boolean }) => {
      const { loadManifest } = await import("../source.ts");
      const [before, after] = [
        await loadManifest(old.split(",")),
        await loadManifest(now.split(",")),
      ];
      const difference = diffManifests(before.manifest, after.manifest);
      if (json) printJson(difference);
      else show(difference);
      if (!difference.compatible) process.exitCode = FOUND;
    });
}

function show({ changes }: ReturnType<typeof diffManifests>): void {
  const colours = paint();
  if (changes.length === 0) print("No changes.");
  for (const { breaking, message, consumers } of changes.toSorted(
    (a, b) => Number(b.breaking) - Number(a.breaking),
  )) {
    const mark = breaking ? colours.bad("✗ breaking  ") : colours.good("✓ compatible");
    print(`${mark}  ${printable(message)}`);
    for (const { service, reasons } of consumers)
      for (const reason of reasons)
        print(`                ${printable(service)}: ${printable(reason)}`);
  }
  if (changes.some(({ code }) => code === "UNVERSIONED_CHANGE")) {
    const advice = "Emit a new version (.v2) next to the old one until every consumer has moved.";
    print(`\n${colours.dim(advice)}`);
  }
}

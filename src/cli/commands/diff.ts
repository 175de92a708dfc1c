import { Command } from "commander";
import { diffManifests } from "../../diff/diff.ts";
import { printable } from "../../text/printable.ts";
import { jsonOption } from "../data.ts";
import { FOUND, paint, print, printJson } from "../output.ts";

export function diffCommand(): Command {
  return new Command("diff")
    .description("Says what has changed, and which of the known consumers that breaks.")
    .argument(
      "<old>",
      "what it was: a module, a manifest, an AsyncAPI document; several with commas",
    )
    .argument("<new>", "what it is")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori diff choreography.json src/choreography.ts     against the committed baseline
  odori diff old.json new.json --json
  odori diff order.json,payment.json order.json,payment-next.json

A consumer is known when one of the manifests says that it hears the event. A change that it cannot bear needs a new version of the
event, next to the old one. Exit status: 0 compatible, 1 breaking, 2 it could not run.`,
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

function show({ compatible, changes }: ReturnType<typeof diffManifests>): void {
  const colours = paint();
  if (changes.length === 0) print("Nothing has changed.");
  for (const { breaking, message, consumers } of changes.toSorted(
    (a, b) => Number(b.breaking) - Number(a.breaking),
  )) {
    print(
      `${breaking ? colours.bad("✗ breaking  ") : colours.good("✓ compatible")}  ${printable(message)}`,
    );
    for (const { service, reasons } of consumers)
      for (const reason of reasons)
        print(`                ${printable(service)}: ${printable(reason)}`);
  }
  if (!compatible)
    print(
      `\n${colours.dim("Emit a new version (.v2) beside the old one until every consumer has moved.")}`,
    );
}

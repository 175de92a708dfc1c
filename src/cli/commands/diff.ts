import { Command, Option } from "commander";
import { OdoriError } from "../../contract/errors.ts";
import { diffManifests } from "../../diff/diff.ts";
import { hazardText } from "../../manifest/hazard-text.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import { printable } from "../../text/printable.ts";
import { jsonOption, withStores } from "../data.ts";
import { inFlight, type ServiceInFlight } from "../in-flight.ts";
import { FOUND, paint, print, printJson } from "../output.ts";
import { placeAt } from "../place.ts";

interface Flags {
  readonly data?: string;
  readonly json: boolean;
}

const FORMS = "a module, a manifest or an AsyncAPI document; separate several by commas";

/** Creates `odori diff`: compares two states of a choreography. */
export function diffCommand(): Command {
  return new Command("diff")
    .summary("compare two versions, and report broken consumers")
    .description(
      "Compare two versions of a choreography, and report which known consumers the changes break.",
    )
    .argument("<source>", `the old version, or with --data the new one: ${FORMS}`)
    .argument("[new]", "the new version, in the same form")
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori diff choreography.json src/choreography.ts     compare with the committed baseline
  odori diff old.json new.json --json
  odori diff order.json,payment.json order.json,payment-next.json
  odori diff src/choreography.ts --data postgres://localhost/shop
                                     compare with the sagas in flight, before a deployment

A consumer is known if one of the manifests says that it hears the event. A breaking change
needs a new version of the event, emitted next to the old one. Sagas in flight are compared too:
what their service would not find again in its database is breaking. With --data the rows are
counted: it finds what the start of the new version would refuse.

Exit status: 0 compatible, 1 breaking, 2 the command could not run.`,
    )
    .action(async (source: string, now: string | undefined, { data, json }: Flags) => {
      if ((data === undefined) === (now === undefined))
        throw new OdoriError("USAGE", "diff compares two versions, or one with --data.", {
          hint: "Write odori diff <old> <new>, or odori diff <new> --data <place>.",
        });
      const { loadManifest } = await import("../source.ts");
      const { manifest } = await loadManifest(source.split(","));
      if (data !== undefined) return deployment(data, manifest, json);
      const after = await loadManifest((now ?? "").split(","));
      const difference = diffManifests(manifest, after.manifest);
      if (json) printJson(difference);
      else show(difference);
      if (!difference.compatible) process.exitCode = FOUND;
    });
}

/** Says what the sagas in flight of running services would lose to a new version. */
async function deployment(data: string, manifest: Manifest, json: boolean): Promise<void> {
  const compared = await withStores(placeAt(data), (found) => inFlight(manifest, found));
  if (json) printJson({ services: compared });
  else showDeployment(compared);
  if (compared.some(({ hazards }) => hazards.length > 0)) process.exitCode = FOUND;
}

function showDeployment(compared: readonly ServiceInFlight[]): void {
  const colours = paint();
  for (const { service, declared, hazards } of compared) {
    if (!declared) print(colours.dim(`  ${service}: not among the sources, not compared`));
    else if (hazards.length === 0)
      print(colours.good(`✓ ${service}: sagas in flight lose nothing`));
    for (const hazard of hazards) {
      const text = printable(hazardText(hazard, Date.now()));
      print(`${colours.bad(`✗ ${hazard.code}`)}  ${service}: ${text}`);
      print(`    ${colours.dim(printable(hazard.hint))}`);
    }
  }
}

/** Has no default: without it, two versions are compared. */
function databaseOption(): Option {
  return new Option(
    "--data <place>",
    "compare with a folder of SQLite databases, or the URL of a Postgres database",
  );
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

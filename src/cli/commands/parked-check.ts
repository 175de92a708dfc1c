import { Command } from "commander";
import { obstacleTo } from "../../runtime/fit.ts";
import { planService } from "../../runtime/plan.ts";
import { jsonOption, withStores } from "../data.ts";
import { loadServices } from "../module.ts";
import { FOUND, print, printJson, table } from "../output.ts";
import { deferredRows, rowId } from "../parked-rows.ts";
import { type PlaceFlags, placeFlags, shownPlace, storePlaceOf } from "../place.ts";

interface Flags extends PlaceFlags {
  readonly json: boolean;
}

/** Creates `odori parked check`: tries parked payloads against the contracts of a module. */
export function parkedCheckCommand(): Command {
  return placeFlags(
    new Command("check")
      .summary("say which parked deliveries would fit now")
      .description(
        "Try the payloads of parked deliveries against the contracts of a module, upcasts " +
          "included. Runs no handler and changes nothing.",
      )
      .argument("<module>", "a module that exports the services as they would run now"),
  )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori parked check src/services.ts --data .odori
  odori parked check src/services.ts --postgres postgres://localhost/shop --json

Exit status: 0 all of them fit, 1 some do not, 2 the command could not run.`,
    )
    .action(async (module: string, flags: Flags) => {
      const services = await loadServices(module);
      const plans = new Map(services.map((one) => [one.name, planService(one.declaration)]));
      const place = await storePlaceOf(flags);
      const rows = await withStores(place, (found) => deferredRows(found, ["parked"]));
      const tried = rows.map((row) => {
        const plan = plans.get(row.service);
        const problem =
          plan === undefined ? "the module does not export it" : obstacleTo(plan, row);
        return { id: rowId(row), reaction: row.reaction, sagaId: row.sagaId, problem };
      });
      if (flags.json)
        printJson({ parked: tried.map((row) => ({ ...row, fits: row.problem === undefined })) });
      else if (tried.length === 0) print(`Nothing is parked in ${shownPlace(place)}.`);
      else {
        const lines = tried.map(({ id, reaction, sagaId, problem }) => {
          return [id, problem === undefined ? "fits" : "does not", reaction, sagaId, problem ?? ""];
        });
        for (const line of table([["id", "now", "reaction", "saga", "because"], ...lines]))
          print(line);
      }
      if (tried.some(({ problem }) => problem !== undefined)) process.exitCode = FOUND;
    });
}

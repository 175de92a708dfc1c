import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { WAYS_TRIED } from "../../simulate/ways-tried.ts";
import { jsonOption } from "../data.ts";
import type { SimulateFlags } from "../simulation/simulate.ts";

/** Creates `odori simulate`: runs the real handlers under a scheduler that owns everything. */
export function simulateCommand(): Command {
  return new Command("simulate")
    .summary("run the real handlers through crashes, duplicates and any order")
    .description(
      "Run the real handlers many times in one process, with crashes, duplicates, messages in " +
        "any order, and time that passes at any moment. Print the shortest run that goes wrong.",
    )
    .argument("<module>", "TypeScript or JavaScript module that exports a simulation")
    .addOption(
      new Option("--seeds <number>", "how many runs to draw (default: 1,000)")
        .argParser(wholeNumber)
        .conflicts(["systematic", "replay"]),
    )
    .addOption(
      new Option("--minutes <number>", "how long to go on, instead of --seeds")
        .argParser(positive)
        .conflicts(["seeds", "replay"]),
    )
    .addOption(
      new Option("--seed <number>", "the first seed (default: 1)")
        .argParser(wholeNumber)
        .conflicts(["systematic", "replay"]),
    )
    .addOption(
      new Option(
        "--replay <schedule>",
        "make one run again, as its failure was printed, or as a saga was exported (trace.json)",
      ).conflicts(["systematic", "workers", "schedules"]),
    )
    .addOption(
      new Option(
        "--systematic <departures>",
        "make every run with at most 1 or 2 departures from the calm one, instead of seeds; " +
          `of a decision with more than ${WAYS_TRIED} ways, the first ${WAYS_TRIED} are tried`,
      )
        .argParser(oneOrTwo)
        .conflicts(["workers"]),
    )
    .addOption(
      new Option(
        "--store <kind>",
        "where services have their data: rows (SQLite, Odori's own in maps), sqlite (all of it), " +
          "or pglite (Postgres within the process)",
      ).choices(["rows", "sqlite", "pglite"]),
    )
    .option("--workers <number>", "threads that draw runs, or max", workers, 1)
    .option(
      "--schedules <file>",
      "schedules that failed before, repeated first (default: <module>.schedules.json)",
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori simulate test/order.simulation.ts
  odori simulate test/order.simulation.ts --seeds 50000 --workers max
  odori simulate test/order.simulation.ts --minutes 20 --seed 1000000       by night
  odori simulate test/order.simulation.ts --systematic 1                    on each pull request
  odori simulate test/order.simulation.ts --store sqlite        in the tables of odori/sqlite
  odori simulate test/order.simulation.ts --store pglite        handlers of odori/postgres
  odori simulate test/order.simulation.ts --seed 7 --seeds 1
  odori simulate test/order.simulation.ts --replay "crash payment#5,next#4=2"
  odori simulate test/order.simulation.ts --replay trace.json     of odori trace o-77 --export

A run that goes wrong is shrunk, drawn, and kept beside the module: commit that file, and it is
repeated first from then on.

Exit status: 0 every run is right, 1 one goes wrong or something never happened, 2 the command
could not run.`,
    )
    .action(async (module: string, flags: SimulateFlags) => {
      const { runSimulate } = await import("../simulation/simulate.ts");
      await runSimulate(module, flags);
    });
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("Pass a whole number of 1 or more.");
  return number;
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 100_000)) throw new InvalidArgumentError("Pass minutes above 0.");
  return number;
}

function oneOrTwo(text: string): number {
  if (text !== "1" && text !== "2") throw new InvalidArgumentError("Pass 1 or 2.");
  return Number(text);
}

const WORKERS_MAX = 64;

function workers(text: string): number {
  if (text === "max") return availableParallelism();
  const number = wholeNumber(text);
  if (number > WORKERS_MAX) throw new InvalidArgumentError(`Pass at most ${WORKERS_MAX}.`);
  return number;
}

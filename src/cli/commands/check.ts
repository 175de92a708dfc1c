import { Command, InvalidArgumentError } from "commander";
import type { CheckFlags } from "../check-report.ts";
import { jsonOption, SOURCES } from "../data.ts";

export function checkCommand(): Command {
  return new Command("check")
    .description(
      "Proves that every saga ends well, or shows the shortest way in which one does not, and what to add.",
    )
    .argument("[source...]", SOURCES)
    .addOption(jsonOption())
    .option("--mermaid", "counterexamples as mermaid sequence diagrams", false)
    .option(
      "--states <number>",
      "how many states to visit at most (default: 1,000,000)",
      wholeNumber,
    )
    .option("--seconds <number>", "how long to explore at most (default: 30)", wholeNumber)
    .option("--no-reduction", "disable partial-order reduction (slower, same findings)")
    .option(
      "--crashes",
      "also let one process die between begin, commit, publish and acknowledge (slow)",
      false,
    )
    .option("--no-repairs", "do not look for repairs")
    .option(
      "--rule <CODE=severity>",
      "set a rule to off, warning or error; may be repeated",
      (rule, all: readonly string[]) => [...all, rule],
      [],
    )
    .option("--list-rules", "say what the rules are, and why", false)
    .option("--config <file>", `settings of the rules; odori.config.json is read where it exists`)
    .addHelpText(
      "after",
      `
Examples:
  odori check src/choreography.ts
  odori check payment.json order.json stock.json      manifests of several repositories
  odori check choreography.json --json
  odori check src/choreography.ts --rule FAT_PAYLOAD=off

Exit status: 0 no errors (warnings may remain), 1 errors, 2 it could not run.`,
    )
    .action(async (paths: readonly string[], flags: CheckFlags) =>
      (await import("../check-report.ts")).runCheck(paths, flags),
    );
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("It is a whole number from 1.");
  return number;
}

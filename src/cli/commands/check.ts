import { Command, InvalidArgumentError } from "commander";
import type { CheckFlags } from "../check-report.ts";
import { jsonOption, SOURCES } from "../data.ts";

/** Creates `odori check`: explores a choreography, and lints it. */
export function checkCommand(): Command {
  return new Command("check")
    .summary("prove that every saga ends well, and lint the declarations")
    .description(
      "Prove that every saga ends well, or print the shortest counterexamples with verified " +
        "repairs. Also lint names, owners and payloads.",
    )
    .argument("[source...]", SOURCES)
    .addOption(jsonOption())
    .option("--mermaid", "print counterexamples as Mermaid sequence diagrams", false)
    .option("--states <number>", "stop after this many states (default: 1,000,000)", wholeNumber)
    .option("--seconds <number>", "stop after this many seconds (default: 30)", wholeNumber)
    .option("--no-reduction", "visit every state (much slower, same findings)")
    .option(
      "--crashes",
      "also crash one process between begin, commit, publish and acknowledge (slow)",
      false,
    )
    .option("--no-repairs", "do not search for repairs")
    .option(
      "--rule <CODE=severity>",
      "set a lint rule to off, warning or error (repeatable)",
      (rule, all: readonly string[]) => [...all, rule],
      [],
    )
    .option("--list-rules", "list the lint rules with their reasons, then exit", false)
    .option("--config <file>", "configuration file (default: odori.config.json, if it exists)")
    .addHelpText(
      "after",
      `
Examples:
  odori check src/choreography.ts
  odori check payment.json order.json stock.json      manifests from several repositories
  odori check choreography.json --json
  odori check src/choreography.ts --rule FAT_PAYLOAD=off
  odori check src/choreography.ts --crashes
  odori check --list-rules

Exit status: 0 no errors (there may be warnings), 1 errors, 2 the command could not run.`,
    )
    .action(async (paths: readonly string[], flags: CheckFlags) =>
      (await import("../check-report.ts")).runCheck(paths, flags),
    );
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("Pass a whole number of 1 or more.");
  return number;
}

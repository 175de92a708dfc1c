import { Command } from "commander";
import { jsonOption } from "../data.ts";
import type { LintFlags } from "../lint-report.ts";

/** Creates `odori lint`: judges names, owners and payloads, and explores nothing. */
export function lintCommand(): Command {
  return new Command("lint")
    .summary("judge the names and payloads of events, even of a bare list")
    .description(
      "Judge the names, owners and payloads of events by the lint rules of check, and explore " +
        "nothing. A bare list of events is enough.",
    )
    .argument(
      "[source...]",
      "lists of events (JSON or YAML), or sources as of check; - is standard input",
    )
    .addOption(jsonOption())
    .option(
      "--rule <CODE=severity>",
      "set a lint rule to off, warning or error (repeatable)",
      (rule, all: readonly string[]) => [...all, rule],
      [],
    )
    .option("--config <file>", "configuration file (default: odori.config.json, if it exists)")
    .addHelpText(
      "after",
      `
A list has names, or events with the service that emits them and the fields of their payload:
  - order.placed.v1
  - name: payment.authorized.v1
    by: payment
    data: [orderId, { name: amountCents, type: integer }]
    suppress: { PERSONAL_DATA: "a reason" }

Examples:
  odori lint events.yaml
  odori lint src/choreography.ts --rule SYNONYM=off
  echo DoPayment order.placed.v1 | odori lint -
  odori lint events.yaml --json
  odori check --list-rules                            every rule, with its reason

Exit status: 0 no errors (there may be warnings), 1 errors, 2 the command could not run.`,
    )
    .action(async (paths: readonly string[], flags: LintFlags) =>
      (await import("../lint-report.ts")).runLint(paths, flags),
    );
}

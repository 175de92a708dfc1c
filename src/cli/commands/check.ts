import { Command, InvalidArgumentError } from "commander";
import type { CheckFlags } from "../check-report.ts";
import { namedSources } from "../choreography-option.ts";
import { jsonOption, SOURCES_OR_OWN } from "../data.ts";
import { type Output, parseOutput } from "../report/formats.ts";
import type { RollingFlags } from "../rolling-report.ts";

type AllFlags = CheckFlags & RollingFlags;

/** Creates `odori check`: explores a choreography, and lints it. */
export function checkCommand(): Command {
  return new Command("check")
    .summary("prove that every saga ends well, and lint the declarations")
    .description(
      "Prove that every saga ends well, or print the shortest counterexamples with verified " +
        "repairs. Also lint names, owners and payloads.",
    )
    .argument("[source...]", SOURCES_OR_OWN)
    .addOption(jsonOption())
    .option(
      "--format <format[=file]>",
      "text, json, github, sarif or markdown, to a file if one is named (repeatable)",
      (text, all: readonly Output[]) => [...all, parseOutput(text)],
      [],
    )
    .option("--mermaid", "print counterexamples as Mermaid sequence diagrams", false)
    .option("--states <number>", "stop after this many states (default: 1,000,000)", wholeNumber)
    .option("--seconds <number>", "stop after this many seconds (default: 30)", wholeNumber)
    .option("--no-reduction", "visit every state (much slower, same findings)")
    .option(
      "--crashes",
      "also crash one process between begin, commit, publish and acknowledge (slow)",
      false,
    )
    .option(
      "--may-park [services]",
      "also explore that services give up on deliveries: all, or those named (a,b)",
    )
    .option("--no-repairs", "do not search for repairs")
    .option(
      "--rule <CODE=severity>",
      "set a lint rule to off, warning or error (repeatable)",
      (rule, all: readonly string[]) => [...all, rule],
      [],
    )
    .option("--watch", "check again whenever the content of a source changes", false)
    .option("--from <source>", "the old version: check a deployment with sagas in flight")
    .option("--rolling [services]", "deploy these, in order (a,b); without names: find an order")
    .option("--rollback", "also stop the new version again while both run", false)
    .option("--list-rules", "list the lint rules with their reasons, then exit", false)
    .option("--config <file>", "configuration file (default: odori.config.json, if it exists)")
    .addHelpText(
      "after",
      `
Examples:
  odori check src/choreography.ts
  odori check                                         the choreography of odori.config.json
  odori check payment.json order.json stock.json      manifests from several repositories
  odori check choreography.json --json
  odori check src/choreography.ts --rule FAT_PAYLOAD=off
  odori check src/choreography.ts --crashes
  odori check src/choreography.ts --may-park
  odori check src/choreography.ts --watch
  odori check src/choreography.ts --format github --format sarif=odori.sarif
  odori check new.json --from old.json --rolling payment --rollback
                                     both versions of payment side by side, over one database
  odori check new.json --from old.json --rolling stock,payment     one after the other
  odori check new.json --from old.json --rolling                   which order is safe?
  odori check --list-rules

Exit status: 0 proved (there may be warnings), 1 errors, 2 the command could not run,
3 no errors found, but not everything was explored.`,
    )
    .action(async (paths: readonly string[], flags: AllFlags) => {
      const { isRolling, runRolling } = await import("../rolling-report.ts");
      if (isRolling(flags)) return runRolling(paths, flags);
      if (!flags.watch || flags.listRules)
        return (await import("../check-report.ts")).runCheck(paths, flags);
      const sources = await namedSources("check", paths, flags.config);
      const { watchSources } = await import("../watch/watch.ts");
      const written = flags.format.flatMap(({ file }) => file ?? []);
      return watchSources(sources, written);
    });
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("Pass a whole number of 1 or more.");
  return number;
}

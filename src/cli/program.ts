import { Command, CommanderError, Help, type Option } from "commander";
import { version } from "../text/version.ts";
import { aclCommand } from "./commands/acl.ts";
import { asyncapiCommand } from "./commands/asyncapi.ts";
import { checkCommand } from "./commands/check.ts";
import { consoleCommand } from "./commands/console.ts";
import { devCommand } from "./commands/dev.ts";
import { diffCommand } from "./commands/diff.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { drawCommand } from "./commands/draw.ts";
import { explainCommand } from "./commands/explain.ts";
import { initCommand } from "./commands/init.ts";
import { ledgerCommand } from "./commands/ledger.ts";
import { linkCommand } from "./commands/link.ts";
import { lintCommand } from "./commands/lint.ts";
import { manifestCommand } from "./commands/manifest.ts";
import { parkedCommand } from "./commands/parked.ts";
import { provisionCommand } from "./commands/provision.ts";
import { republishCommand } from "./commands/republish.ts";
import { runCommand } from "./commands/run.ts";
import { sagasCommand } from "./commands/sagas.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { traceCommand } from "./commands/trace.ts";
import { COULD_NOT_RUN, endWithPipe, reportError } from "./output.ts";

/** Parses `process.argv`, runs the command, and sets the exit status. */
export async function main(): Promise<void> {
  endWithPipe();
  const program = commandLine();
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander also throws for --help and --version, with exit code 0.
    if (error instanceof CommanderError && error.exitCode === 0) return;
    process.exitCode = COULD_NOT_RUN;
    // A command of which only parts can run, without one: its help is printed already.
    if (error instanceof CommanderError && error.code === "commander.help") return;
    reportError(error, process.argv.includes("--json"));
  }
}

/** Builds the command with all of its parts. The reference prints their help. */
export function commandLine(): Command {
  const program = new Command("odori")
    .description("Check, draw, run, trace and repair choreographed sagas.")
    .version(version())
    .addHelpText(
      "after",
      `
Exit status: 0 no problem, 1 problems found, 2 the command could not run; of check also 3, if not
everything was explored.
Commands that read databases use --data or --postgres, then $ODORI_DATA, then odori.config.json,
then the folder .odori.

Start with:
  odori init shop                        a new project, with a saga that is proved and tested
  odori check src/choreography.ts        prove that every saga ends well
  odori draw src/choreography.ts         show the flow in the terminal
  odori check --help                     options and examples of a command`,
    );
  for (const command of [
    initCommand,
    checkCommand,
    lintCommand,
    simulateCommand,
    drawCommand,
    explainCommand,
    manifestCommand,
    linkCommand,
    diffCommand,
    asyncapiCommand,
    aclCommand,
    provisionCommand,
    runCommand,
    consoleCommand,
    devCommand,
    sagasCommand,
    ledgerCommand,
    traceCommand,
    parkedCommand,
    republishCommand,
    doctorCommand,
  ])
    program.addCommand(command());
  everyCommand(program, (command) =>
    command
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .configureHelp({ optionDescription }),
  );
  return program;
}

/** Describes an option for `--help`, without the default of a switch or an empty list. */
function optionDescription(option: Option): string {
  return new Help().optionDescription(option).replace(/ \(default: (false|true|\[\])\)$/, "");
}

function everyCommand(command: Command, change: (command: Command) => void): void {
  change(command);
  for (const child of command.commands) everyCommand(child, change);
}

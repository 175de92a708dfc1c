import { Command, CommanderError } from "commander";
import { aclCommand } from "./commands/acl.ts";
import { asyncapiCommand } from "./commands/asyncapi.ts";
import { checkCommand } from "./commands/check.ts";
import { diffCommand } from "./commands/diff.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { drawCommand } from "./commands/draw.ts";
import { explainCommand } from "./commands/explain.ts";
import { manifestCommand } from "./commands/manifest.ts";
import { parkedCommand } from "./commands/parked.ts";
import { runCommand } from "./commands/run.ts";
import { traceCommand } from "./commands/trace.ts";
import { COULD_NOT_RUN, endWithPipe, reportError } from "./output.ts";
import { version } from "./version.ts";

/** Reads the arguments, runs the command, and sets the exit status. */
export async function main(): Promise<void> {
  endWithPipe();
  const program = commandLine();
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander throws for --help and --version as well, with status 0.
    if (error instanceof CommanderError && error.exitCode === 0) return;
    reportError(error, process.argv.includes("--json"));
    process.exitCode = COULD_NOT_RUN;
  }
}

function commandLine(): Command {
  const program = new Command("odori")
    .description("Choreographed sagas: prove them, draw them, run them, follow them, repair them.")
    .version(version())
    .addHelpText(
      "after",
      `
Exit status: 0 fine, 1 something was found, 2 it could not run.
The databases are looked for in --data, else in $ODORI_DATA, else in .odori.`,
    );
  for (const command of [
    checkCommand,
    drawCommand,
    explainCommand,
    manifestCommand,
    diffCommand,
    asyncapiCommand,
    aclCommand,
    runCommand,
    traceCommand,
    parkedCommand,
    doctorCommand,
  ])
    program.addCommand(command());
  everyCommand(program, (command) =>
    command.exitOverride().configureOutput({ writeErr: () => {} }),
  );
  return program;
}

function everyCommand(command: Command, change: (command: Command) => void): void {
  change(command);
  for (const child of command.commands) everyCommand(child, change);
}

import { Command } from "commander";
import { diagnose } from "../../adapters/sqlite/diagnose.ts";
import { printable } from "../../text/printable.ts";
import { dataOption, filesIn, jsonOption } from "../data.ts";
import { FOUND, paint, print, printJson } from "../output.ts";

interface Flags {
  readonly data: string;
  readonly json: boolean;
}

export function doctor(): Command {
  return new Command("doctor")
    .description("Looks the services' databases over: integrity, settings, room, what is stuck. Changes nothing.")
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  odori doctor --data .odori/order\n\nExit status 1 says that something needs a look.")
    .action((flags: Flags) => {
      const now = Date.now();
      const databases = filesIn(flags.data).map((path) => ({ path, checks: diagnose(path, now) }));
      if (flags.json) printJson({ node: process.version, databases });
      else {
        const colours = paint();
        const tint = { ok: colours.good, warning: colours.undo, error: colours.bad };
        print(`Node ${process.version}`);
        for (const { path, checks } of databases) {
          print(colours.bold(path));
          for (const { level, check, message } of checks)
            print(`  ${tint[level](level.padEnd(7))}  ${check.padEnd(10)}  ${printable(message)}`);
        }
      }
      if (databases.some(({ checks }) => checks.some(({ level }) => level !== "ok"))) process.exitCode = FOUND;
    });
}

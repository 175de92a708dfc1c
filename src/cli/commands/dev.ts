import { Command } from "commander";
import { namedSources } from "../choreography-option.ts";
import { CONSOLE_PORT, portIn } from "../console-port.ts";
import { DEV_COMMANDS } from "../dev/commands.ts";

interface Flags {
  readonly data: string;
  readonly console: boolean;
  readonly port: number;
}

/** Creates `odori dev`: runs services, and loads them again when a source changes. */
export function devCommand(): Command {
  return new Command("dev")
    .summary("run services, load them again on each change, and play with faults")
    .description(
      "Run the services of a module on SQLite and the in-process bus, in a process of its own. " +
        "When a source changes, the module is checked and loaded again, with its data: open " +
        "sagas go on. Each step of each saga is printed.",
    )
    .argument(
      "[module]",
      "a module that exports a choreography or services (default: the configuration's)",
    )
    .option("--data <folder>", "folder of the SQLite files", ".odori")
    .option("--console", "with a page: all sagas, forms that begin one, and faults", false)
    .option("--port <n>", "port of the page; 0 for any that is free", portIn, CONSOLE_PORT)
    .addHelpText(
      "after",
      `
Lines on standard input:
${DEV_COMMANDS}

Example:
  odori dev saga.ts
  > begin {"sku":"umbrella","cents":500}
  > fault kill payment committed
  > again
  odori dev saga.ts --console

Other commands read the same data: odori sagas, odori trace <id>.`,
    )
    .action(async (given: string | undefined, { data, console, port }: Flags) => {
      const [module = ""] = await namedSources("dev", given === undefined ? [] : [given]);
      const { DevSession } = await import("../dev/session.ts");
      await new DevSession({ module, data, port: console ? port : undefined }).run();
    });
}

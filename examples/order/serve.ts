import { join } from "node:path";
import { Argument, Command } from "commander";
import { codeOf, jsonLogger, start } from "odori";
import choreography from "./choreography.ts";
import { inventory } from "./inventory.ts";
import { payment } from "./payment.ts";
import { shipping } from "./shipping.ts";
import { busOf, busOption, databasesOf, storeOption, type Wiring } from "./wiring.ts";

/** Runs one service in a process of its own, until it is told to stop. */
const SERVICES = { payment, inventory, shipping };
type Name = keyof typeof SERVICES;

const command = new Command("serve")
  .description(
    "Runs one service of the order saga in a process of its own, until SIGTERM or Ctrl-C.",
  )
  .addArgument(new Argument("<service>", "which one").choices(Object.keys(SERVICES)))
  .addOption(storeOption())
  .addOption(busOption().default("nats"))
  .option("--data <folder>", "where SQLite files are kept", join(".odori", "order"))
  .action(async (name: Name, wiring: Wiring) => {
    const bus = await busOf(wiring, name);
    const databases = await databasesOf(wiring);
    const app = await start(SERVICES[name], {
      store: databases.store(name),
      bus,
      logger: jsonLogger("warn"),
    });
    process.stdout.write(`${name} of ${choreography.name} is running\n`);
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      // The process that has started it as a child may be gone.
      process.once("disconnect", () => resolve());
    });
    await app.stop();
    await bus.close();
    process.exit();
  });

await command.parseAsync().catch((error: unknown) => {
  process.stderr.write(
    `${codeOf(error)}: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(2);
});

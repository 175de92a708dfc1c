import { Command, InvalidArgumentError } from "commander";
import { OdoriError } from "../../contract/errors.ts";
import { printable } from "../../text/printable.ts";
import { connectionFlags, httpUrl } from "../connection.ts";
import { jsonOption, SOURCES } from "../data.ts";
import { paint, print, printJson, table } from "../output.ts";
import type { ProvisionFlags } from "../provision.ts";

/** Creates `odori provision`: prepares a broker for a choreography. */
export function provisionCommand(): Command {
  const command = new Command("provision")
    .summary("create what a broker needs before the services start")
    .description(
      "Create the streams, consumers, exchanges, queues, topics and subscriptions that the " +
        "services need, and verify those that exist. It may run again. The services then need no " +
        "permission to create anything, and no event is lost to a service that never started.",
    )
    .argument("<source...>", SOURCES)
    .option("--nats <servers>", "servers of NATS, separated by commas")
    .option("--rabbitmq <url>", "URL of RabbitMQ")
    .option("--kafka <brokers>", "brokers of Kafka, separated by commas")
    .option("--postgres <url>", "URL of Postgres, for the database as the bus")
    .option("--dry-run", "print what would be created, and connect to nothing", false)
    .option(
      "--grants",
      "RabbitMQ, Kafka and Postgres: also grant each service, as a user of its name, what it needs",
      false,
    )
    .option(
      "--management <url>",
      "RabbitMQ: HTTP API of the management plugin, for --grants",
      httpUrl,
    )
    .option("--stream <name>", "NATS: name of the stream", "ODORI")
    .option(
      "--prefix <text>",
      'NATS and Kafka: prefix of subjects and topics (default: "odori" or "odori.")',
    )
    .option("--exchange <name>", "RabbitMQ: name of the exchange", "odori")
    .option("--schema <name>", "Postgres: schema of the bus", "odori_bus")
    .option("--replicas <number>", "NATS and Kafka: replicas (default: 1)", wholeNumber)
    .option("--partitions <number>", "Kafka: partitions of a topic (default: 6)", wholeNumber)
    .option(
      "--days <number>",
      "NATS and Kafka: how long events are kept (default: 7)",
      wholeNumber,
    );
  return connectionFlags(command)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori provision src/choreography.ts --nats nats://localhost:4222 --replicas 3
  odori provision manifests/*.json --rabbitmq amqp://localhost --dry-run
  ODORI_PASSWORD=secret odori provision src/choreography.ts \\
    --kafka kafka:9093 --ca ca.pem --user admin --grants
  ODORI_PASSWORD=secret odori provision src/choreography.ts --rabbitmq amqps://admin@broker \\
    --ca ca.pem --grants --management https://admin@broker:15671
  odori provision src/choreography.ts --postgres postgres://owner@localhost/shop --grants

Permissions of NATS, and of RabbitMQ without its management plugin: odori acl prints them.

Exit status: 0 everything exists, 2 the command could not run.`,
    )
    .action(async (paths: readonly string[], flags: ProvisionFlags) => {
      const named = [flags.nats, flags.rabbitmq, flags.kafka, flags.postgres];
      if (named.filter((url) => url !== undefined).length !== 1) {
        throw new OdoriError("USAGE", "provision prepares exactly one broker.", {
          hint: "Add one of --nats, --rabbitmq, --kafka and --postgres.",
        });
      }
      const [{ loadManifest }, { partsOf }, { planFor }] = await Promise.all([
        import("../source.ts"),
        import("../../acl/part.ts"),
        import("../provision.ts"),
      ]);
      const plan = await planFor(partsOf((await loadManifest(paths)).manifest), flags);
      if (!flags.dryRun) await plan.run();
      if (flags.json) return printJson({ dryRun: flags.dryRun, provisions: plan.provisions });
      const rows = plan.provisions.map(({ kind, name, detail }) => [kind, name, detail]);
      for (const line of table(rows)) print(line);
      const done = flags.dryRun ? "Would be created if missing." : "Created, or found as needed.";
      print(paint().dim(printable(done)));
    });
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("Pass a whole number of 1 or more.");
  return number;
}

import { Command } from "commander";
import { OdoriError } from "../../contract/errors.ts";
import { jsonOption, SOURCES } from "../data.ts";
import { print, printJson } from "../output.ts";

interface Flags {
  readonly nats: boolean;
  readonly rabbitmq: boolean;
  readonly kafka: boolean;
  readonly stream: string;
  readonly prefix?: string;
  readonly exchange: string;
  readonly vhost: string;
  readonly json: boolean;
}

/** Creates `odori acl`: prints broker permissions for each service. */
export function aclCommand(): Command {
  return new Command("acl")
    .summary("print the permissions for NATS, RabbitMQ or Kafka")
    .description(
      "Print the broker permissions that each service needs: publish its own event types, and " +
        "read the types that it hears. Nothing else is granted.",
    )
    .argument("<source...>", SOURCES)
    .option("--nats", "print users and permissions for the nats-server configuration", false)
    .option("--rabbitmq", "print rabbitmqctl commands", false)
    .option("--kafka", "print kafka-acls.sh commands", false)
    .option("--stream <name>", "NATS: name of the stream", "ODORI")
    .option(
      "--prefix <text>",
      'NATS and Kafka: prefix of subjects and topics (default: "odori" or "odori.")',
    )
    .option("--exchange <name>", "RabbitMQ: name of the exchange", "odori")
    .option("--vhost <name>", "RabbitMQ: name of the virtual host", "/")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori acl --nats src/choreography.ts > permissions.conf
  odori acl --rabbitmq manifests/*.json | sh
  odori acl --kafka src/choreography.ts --prefix shop.`,
    )
    .action(async (paths: readonly string[], flags: Flags) => {
      if ([flags.nats, flags.rabbitmq, flags.kafka].filter(Boolean).length !== 1) {
        throw new OdoriError(
          "USAGE",
          "acl prints the permissions for exactly one kind of broker.",
          {
            hint: "Add one of --nats, --rabbitmq and --kafka.",
          },
        );
      }
      const [{ loadManifest }, { partsOf }, nats, rabbitmq, kafka] = await Promise.all([
        import("../source.ts"),
        import("../../acl/part.ts"),
        import("../../acl/nats.ts"),
        import("../../acl/rabbitmq.ts"),
        import("../../acl/kafka.ts"),
      ]);
      const parts = partsOf((await loadManifest(paths)).manifest);
      const { stream, exchange, vhost, json } = flags;
      if (flags.nats) {
        const names = nats.natsNames(stream, flags.prefix);
        if (json)
          printJson(
            parts.map((part) => ({ service: part.service, ...nats.natsPermissions(part, names) })),
          );
        else print(nats.natsConfig(parts, names));
      } else if (flags.rabbitmq) {
        const names = rabbitmq.rabbitNames(exchange, vhost);
        if (json)
          printJson(
            parts.map((part) => ({
              service: part.service,
              ...rabbitmq.rabbitPermissions(part, names),
            })),
          );
        else print(rabbitmq.rabbitCommands(parts, names));
      } else {
        const names = kafka.kafkaNames(flags.prefix);
        if (json)
          printJson(
            parts.map((part) => ({
              service: part.service,
              grants: kafka.kafkaGrants(part, names),
            })),
          );
        else print(kafka.kafkaCommands(parts, names));
      }
    });
}

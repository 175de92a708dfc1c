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

export function aclCommand(): Command {
  return new Command("acl")
    .description(
      "Prints what each service may do on a broker, from the choreography: publish its own types, hear what it declares, and nothing else.",
    )
    .argument("<source...>", SOURCES)
    .option("--nats", "users and permissions for nats-server's configuration", false)
    .option("--rabbitmq", "rabbitmqctl commands", false)
    .option("--kafka", "kafka-acls commands", false)
    .option("--stream <name>", "NATS: the stream", "ODORI")
    .option(
      "--prefix <text>",
      'what stands before a type; by default "odori" for NATS, "odori." for Kafka',
    )
    .option("--exchange <name>", "RabbitMQ: the exchange", "odori")
    .option("--vhost <name>", "RabbitMQ: the virtual host", "/")
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
        throw new OdoriError("USAGE", "It prints the permissions of one kind of broker.", {
          hint: "Say --nats, --rabbitmq or --kafka.",
        });
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
        const names = { stream, prefix: flags.prefix ?? "odori" };
        if (json)
          printJson(
            parts.map((part) => ({ service: part.service, ...nats.natsPermissions(part, names) })),
          );
        else print(nats.natsConfig(parts, names));
      } else if (flags.rabbitmq) {
        const names = { exchange, vhost };
        if (json)
          printJson(
            parts.map((part) => ({
              service: part.service,
              ...rabbitmq.rabbitPermissions(part, names),
            })),
          );
        else print(rabbitmq.rabbitCommands(parts, names));
      } else {
        const names = { prefix: flags.prefix ?? "odori." };
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

import { Command, InvalidArgumentError } from "commander";
import type { Diagnosis } from "../../adapter/diagnosis.ts";
import { diagnose } from "../../adapters/sqlite/diagnose.ts";
import { printable } from "../../text/printable.ts";
import { client } from "../client.ts";
import { filesIn, folderOption, jsonOption } from "../data.ts";
import { FOUND, paint, print, printJson } from "../output.ts";

interface Flags {
  readonly data: string;
  readonly postgres?: string;
  readonly schema: readonly string[];
  readonly nats?: string;
  readonly stream: string;
  readonly rabbitmq?: string;
  readonly exchange: string;
  readonly kafka?: string;
  readonly prefix: string;
  readonly http: readonly string[];
  readonly inboxDays: number;
  readonly json: boolean;
}

interface Examined {
  readonly path: string;
  readonly checks: readonly Diagnosis[];
}

const DAY_MS = 24 * 3_600_000;

/** Creates `odori doctor`: diagnoses databases and brokers. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .summary("diagnose databases and brokers")
    .description(
      "Diagnose databases and brokers: connections, settings, free space and stuck deliveries. " +
        "Changes nothing.",
    )
    .addOption(folderOption())
    .option("--postgres <url>", "connection URL of a Postgres server")
    .option("--schema <name...>", "Postgres: schemas of the services", ["odori"])
    .option("--nats <url>", "URL of a NATS server")
    .option("--stream <name>", "NATS: name of the stream", "ODORI")
    .option("--rabbitmq <url>", "URL of a RabbitMQ broker")
    .option("--exchange <name>", "RabbitMQ: name of the exchange", "odori")
    .option("--kafka <brokers>", "Kafka brokers, as host:port")
    .option("--prefix <text>", "Kafka: prefix of the topics", "odori.")
    .option("--http <url...>", "URLs of subscribers over HTTP", [])
    .option(
      "--inbox-days <n>",
      "retention of the services in days; brokers must not keep messages for longer",
      days,
      30,
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori doctor --data .odori/order
  odori doctor --postgres postgres://localhost/shop --schema order payment
  odori doctor --nats nats://localhost:4222 --kafka localhost:9092
  odori doctor --http https://shipping.example/events

Exit status: 0 all checks passed, 1 warnings or errors, 2 the command could not run.`,
    )
    .action(async (flags: Flags, command: Command) => {
      const { postgres, nats, rabbitmq, kafka, http } = flags;
      const onServers = [postgres, nats, rabbitmq, kafka, ...http].some((url) => url !== undefined);
      // With servers named and no --data, skip the SQLite files.
      const noFiles = onServers && command.getOptionValueSource("data") === "default";
      const examined = [...(noFiles ? [] : files(flags.data)), ...(await servers(flags))];
      if (flags.json) printJson({ node: process.version, databases: examined });
      else report(examined);
      if (examined.some(({ checks }) => checks.some(({ level }) => level !== "ok")))
        process.exitCode = FOUND;
    });
}

function files(data: string): readonly Examined[] {
  const now = Date.now();
  return filesIn(data).map((path) => ({ path, checks: diagnose(path, now) }));
}

async function servers({
  postgres,
  schema,
  nats,
  stream,
  rabbitmq,
  exchange,
  kafka,
  prefix,
  http,
  inboxDays,
}: Flags): Promise<readonly Examined[]> {
  const retentionMs = inboxDays * DAY_MS;
  const examined: Examined[] = [];
  if (postgres !== undefined) {
    const { diagnose: look } = await client(
      "pg",
      () => import("../../adapters/postgres/diagnose.ts"),
    );
    for (const name of schema)
      examined.push({
        path: `postgres, schema ${name}`,
        checks: await look({ connectionString: postgres, schema: name }),
      });
  }
  if (nats !== undefined) {
    const { diagnose: look } = await client(
      "@nats-io/jetstream and @nats-io/transport-node",
      () => import("../../adapters/nats/diagnose.ts"),
    );
    examined.push({ path: "nats", checks: await look({ servers: nats, stream }, retentionMs) });
  }
  if (rabbitmq !== undefined) {
    const { diagnose: look } = await client(
      "rabbitmq-client",
      () => import("../../adapters/rabbitmq/diagnose.ts"),
    );
    examined.push({ path: "rabbitmq", checks: await look({ url: rabbitmq, exchange }) });
  }
  if (kafka !== undefined) {
    const { diagnose: look } = await client(
      "@platformatic/kafka",
      () => import("../../adapters/kafka/diagnose.ts"),
    );
    examined.push({ path: "kafka", checks: await look({ brokers: kafka, prefix }, retentionMs) });
  }
  if (http.length > 0) {
    const { diagnose: look } = await import("../../adapters/http/diagnose.ts");
    examined.push({ path: "http", checks: await look(http) });
  }
  return examined;
}

function report(examined: readonly Examined[]): void {
  const colours = paint();
  const tint = { ok: colours.good, warning: colours.undo, error: colours.bad };
  print(`Node ${process.version}`);
  for (const { path, checks } of examined) {
    print(colours.bold(path));
    const width = Math.max(10, ...checks.map(({ check }) => check.length));
    for (const { level, check, message } of checks)
      print(`  ${tint[level](level.padEnd(7))}  ${check.padEnd(width)}  ${printable(message)}`);
  }
}

function days(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0) return value;
  throw new InvalidArgumentError("Pass a number greater than 0.");
}

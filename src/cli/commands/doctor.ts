import { Command, InvalidArgumentError } from "commander";
import type { Diagnosis } from "../../adapter/diagnosis.ts";
import { diagnose } from "../../adapters/sqlite/diagnose.ts";
import { printable } from "../../text/printable.ts";
import { client } from "../client.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  httpUrl,
  kafkaConnection,
  natsConnection,
  postgresConnection,
  rabbitConnection,
  withPassword,
} from "../connection.ts";
import { filesIn, jsonOption } from "../data.ts";
import { examineServices } from "../examine-services.ts";
import { FOUND, paint, print, printJson } from "../output.ts";
import { type PlaceFlags, placeFlags, type StorePlace, storePlaceOf } from "../place.ts";

interface Flags extends ConnectionFlags, PlaceFlags {
  readonly busSchema?: string;
  readonly nats?: string;
  readonly stream: string;
  readonly rabbitmq?: string;
  readonly exchange: string;
  readonly management?: string;
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
  const command = placeFlags(
    new Command("doctor")
      .summary("diagnose databases and brokers")
      .description(
        "Diagnose databases and brokers: connections, settings, free space, stuck deliveries, " +
          "and services without a process for which deliveries wait. Changes nothing.",
      ),
  )
    .option("--bus-schema <name>", "Postgres: schema of the bus, if the database is the bus")
    .option("--nats <url>", "URL of a NATS server")
    .option("--stream <name>", "NATS: name of the stream", "ODORI")
    .option("--rabbitmq <url>", "URL of a RabbitMQ broker")
    .option("--exchange <name>", "RabbitMQ: name of the exchange", "odori")
    .option(
      "--management <url>",
      "RabbitMQ: HTTP API of the management plugin, which lists the queues",
      httpUrl,
    )
    .option("--kafka <brokers>", "Kafka brokers, as host:port")
    .option("--prefix <text>", "Kafka: prefix of the topics", "odori.")
    .option("--http <url...>", "URLs of subscribers over HTTP", [])
    .option(
      "--inbox-days <n>",
      "retention of the services in days; brokers must not keep messages for longer",
      days,
      30,
    );
  return connectionFlags(command)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori doctor --data .odori/order
  odori doctor --postgres postgres://localhost/shop --schema order payment
  odori doctor --postgres postgres://localhost/shop --bus-schema odori_bus
  odori doctor --nats nats://localhost:4222 --kafka localhost:9092
  odori doctor --http https://shipping.example/events
  odori doctor --rabbitmq amqp://localhost --management http://guest:guest@localhost:15672

With TLS and a password, which no argument shows:
  PGPASSWORD=secret odori doctor --postgres postgres://me@db/shop --ca ca.pem
  odori doctor --nats nats://nats:4222 --ca ca.pem --creds payment.creds
  ODORI_PASSWORD=secret odori doctor --rabbitmq amqps://me@broker --ca ca.pem
  ODORI_PASSWORD=secret odori doctor --kafka kafka:9093 --ca ca.pem --user me

Exit status: 0 all checks passed, 1 warnings or errors, 2 the command could not run.`,
    )
    .action(async (flags: Flags) => {
      const examined: Examined[] = [];
      const services: Diagnosis[] = [];
      for (const place of await placesOf(flags)) {
        examined.push(...(await examine(place, flags)));
        services.push(...(await examineServices(withTls(place, flags))));
      }
      examined.push(...(await brokers(flags)));
      const all =
        services.length === 0 ? examined : [...examined, { path: "services", checks: services }];
      if (flags.json) printJson({ node: process.version, databases: examined, services });
      else report(all);
      if (all.some(({ checks }) => checks.some(({ level }) => level !== "ok")))
        process.exitCode = FOUND;
    });
}

/** With a broker named and no place, no database is looked for. */
async function placesOf({
  data,
  postgres,
  schema,
  config,
  ...flags
}: Flags): Promise<readonly StorePlace[]> {
  const { nats, rabbitmq, kafka, http } = flags;
  if (data !== undefined && postgres !== undefined)
    return [
      await storePlaceOf({ data }),
      await storePlaceOf({ postgres, ...(schema !== undefined && { schema }) }),
    ];
  const onBrokers = [nats, rabbitmq, kafka, ...http].some((url) => url !== undefined);
  if (onBrokers && data === undefined && postgres === undefined) return [];
  return [
    await storePlaceOf({
      ...(data !== undefined && { data }),
      ...(postgres !== undefined && { postgres }),
      ...(schema !== undefined && { schema }),
      ...(config !== undefined && { config }),
    }),
  ];
}

async function examine(place: StorePlace, flags: Flags): Promise<readonly Examined[]> {
  if (place.kind === "postgres") return examinePostgres(place.url, place.schemas, flags);
  const now = Date.now();
  return filesIn(place.path).map((path) => ({ path, checks: diagnose(path, now) }));
}

function withTls(place: StorePlace, flags: Flags): StorePlace {
  if (place.kind === "files") return place;
  return { ...place, ...postgresConnection(place.url, flags) };
}

async function brokers(flags: Flags): Promise<readonly Examined[]> {
  const { nats, rabbitmq, kafka, http } = flags;
  return [
    ...(nats === undefined ? [] : [await examineNats(nats, flags)]),
    ...(rabbitmq === undefined ? [] : [await examineRabbit(rabbitmq, flags)]),
    ...(kafka === undefined ? [] : [await examineKafka(kafka, flags)]),
    ...(http.length === 0 ? [] : [await examineHttp(http)]),
  ];
}

async function examinePostgres(
  url: string,
  named: readonly string[] | undefined,
  flags: Flags,
): Promise<readonly Examined[]> {
  const [stores, bus, { schemasIn }] = await client("pg", () =>
    Promise.all([
      import("../../adapters/postgres/diagnose.ts"),
      import("../../adapters/postgres/diagnose-bus.ts"),
      import("../../adapters/postgres/schemas.ts"),
    ]),
  );
  const options = postgresConnection(url, flags);
  const examined: Examined[] = [];
  // The database may be the bus alone: then no schema of a service is looked for.
  const silent = named === undefined && flags.busSchema !== undefined;
  const found = silent ? [] : (named ?? (await schemasIn(options).catch(() => [])));
  for (const schema of found.length === 0 && !silent ? ["odori"] : found)
    examined.push({
      path: `postgres, schema ${schema}`,
      checks: await stores.diagnose({ ...options, schema }),
    });
  const { busSchema: schema } = flags;
  if (schema !== undefined)
    examined.push({
      path: `postgres, the bus in schema ${schema}`,
      checks: await bus.diagnoseBus({ ...options, schema }),
    });
  return examined;
}

async function examineNats(servers: string, flags: Flags): Promise<Examined> {
  const { diagnose: look } = await client(
    "@nats-io/jetstream and @nats-io/transport-node",
    () => import("../../adapters/nats/diagnose.ts"),
  );
  const options = { servers, stream: flags.stream, ...(await natsConnection(flags)) };
  return { path: "nats", checks: await look(options, flags.inboxDays * DAY_MS) };
}

async function examineRabbit(url: string, flags: Flags): Promise<Examined> {
  const { diagnose: look } = await client(
    "rabbitmq-client",
    () => import("../../adapters/rabbitmq/diagnose.ts"),
  );
  const options = { ...rabbitConnection(url, flags), exchange: flags.exchange };
  const { management } = flags;
  const more = management === undefined ? {} : { management: withPassword(management) };
  return { path: "rabbitmq", checks: await look(options, more) };
}

async function examineKafka(brokers: string, flags: Flags): Promise<Examined> {
  const { diagnose: look } = await client(
    "@platformatic/kafka",
    () => import("../../adapters/kafka/diagnose.ts"),
  );
  const options = { brokers, prefix: flags.prefix, ...kafkaConnection(flags) };
  return { path: "kafka", checks: await look(options, flags.inboxDays * DAY_MS) };
}

async function examineHttp(urls: readonly string[]): Promise<Examined> {
  const { diagnose: look } = await import("../../adapters/http/diagnose.ts");
  return { path: "http", checks: await look(urls) };
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

import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { messageOf, OdoriError } from "../contract/errors.ts";

/** The flags that say how to connect to a server, as `connectionFlags` adds them. */
export interface ConnectionFlags {
  readonly user?: string;
  readonly sasl: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly tls: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly creds?: string;
}

/** Adds the options of secured connections to a command. Passwords are not among them. */
export function connectionFlags(command: Command): Command {
  return command
    .option("--user <name>", "NATS and Kafka: user; the password is $ODORI_PASSWORD")
    .addOption(
      new Option("--sasl <mechanism>", "Kafka: how the user is authenticated")
        .choices(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
        .default("SCRAM-SHA-512"),
    )
    .option("--creds <file>", "NATS: credentials file of the user")
    .option("--tls", "connect with TLS; RabbitMQ: or an amqps: URL", false)
    .option("--ca <file>", "certificate of the CA that has signed the server's; implies --tls")
    .option("--cert <file>", "certificate of this client, with --key; implies --tls")
    .option("--key <file>", "key of this client's certificate");
}

/** The TLS options of a client, from files. */
interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Reads the files; undefined without any of the options. Throws `USAGE`. */
function tlsOf({ tls, ca, cert, key }: ConnectionFlags): Tls | undefined {
  if ((cert === undefined) !== (key === undefined))
    throw new OdoriError("USAGE", "--cert and --key go together.");
  if (!tls && ca === undefined && cert === undefined) return undefined;
  return {
    ...(ca !== undefined && { ca: contentsOf("--ca", ca) }),
    ...(cert !== undefined && { cert: contentsOf("--cert", cert) }),
    ...(key !== undefined && { key: contentsOf("--key", key) }),
  };
}

/** The options of `kafka` that say how to connect. */
export function kafkaConnection(flags: ConnectionFlags) {
  const { user: username, sasl: mechanism } = flags;
  const tls = tlsOf(flags);
  return {
    ...(username !== undefined && { sasl: { mechanism, username, password: password() } }),
    ...(tls !== undefined && { tls }),
  };
}

/** The options of `nats` that say how to connect. */
export async function natsConnection(flags: ConnectionFlags) {
  const { user, creds } = flags;
  const tls = tlsOf(flags);
  const { credentialsOf } = await import("../adapters/nats/login.ts");
  const connection = {
    ...(user !== undefined && { user, pass: password() }),
    ...(creds !== undefined && credentialsOf(contentsOf("--creds", creds))),
    ...(tls !== undefined && { tls }),
  };
  return Object.keys(connection).length === 0 ? {} : { connection };
}

/** The options of `rabbitmq` that say how to connect. The password of a URL may be absent. */
export function rabbitConnection(url: string, flags: ConnectionFlags) {
  const tls = tlsOf(flags);
  return { url: withPassword(url), ...(tls !== undefined && { tls }) };
}

/** The options of `postgres` that say how to connect. The client reads `$PGPASSWORD` itself. */
export function postgresConnection(connectionString: string, flags: ConnectionFlags) {
  const ssl = tlsOf(flags);
  return { connectionString, ...(ssl !== undefined && { ssl }) };
}

/** Parses the address of an HTTP API. The message of the library would show the password. */
export function httpUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("Pass the address of the HTTP API.");
}

/** The same address with `$ODORI_PASSWORD`, if it has a user and no password of its own. */
export function withPassword(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.username === "" || parsed.password !== "") return url;
  if (password() !== "") parsed.password = encodeURIComponent(password());
  return parsed.href;
}

/** Not an argument, which other users of the machine could read. */
function password(): string {
  return process.env.ODORI_PASSWORD ?? "";
}

function contentsOf(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new OdoriError("USAGE", `${option}: the file cannot be read: ${messageOf(cause)}.`, {
      cause,
    });
  }
}

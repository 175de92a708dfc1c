import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { freePorts } from "../support/free-ports.ts";
import { type Certificate, type Certificates, together } from "./certificates.ts";
import { find } from "./find.ts";
import { ownServer } from "./own.ts";
import { prepareKafka, recipes } from "./recipes.ts";
import type { Server } from "./server.ts";

/** What no message, log line or output may show. */
export const SECRET = "s3cr3t";
/** The user of each server that demands one. */
export const USER = "order";
export const PASSWORD = `${SECRET}-right`;
export const WRONG = `${SECRET}-wrong`;

/** Postgres that accepts nothing but TLS and SCRAM; the user `mtls` also needs a certificate. */
export async function securedPostgres(
  { server, ca }: Certificates,
  shown: Certificate = server,
): Promise<Server> {
  const recipe = recipes.postgres(find("postgres", false) ?? "");
  const rules = [
    "local all all trust",
    "hostssl all mtls 127.0.0.1/32 scram-sha-256 clientcert=verify-ca",
    "hostssl all all 127.0.0.1/32 scram-sha-256",
  ];
  const inside = async (folder: string, port: number, statements: readonly string[]) => {
    const client = new pg.Client({ host: folder, port, user: "postgres", database: "postgres" });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  const started = await ownServer("postgres", {
    async prepare(place) {
      await recipe.prepare?.(place);
      const data = join(place.folder, "data");
      writeFileSync(join(data, "pg_hba.conf"), `${rules.join("\n")}\n`);
      for (const [from, to] of [
        [shown.cert, "server.crt"],
        [shown.key, "server.key"],
        [ca, "ca.crt"],
      ] as const) {
        const file = join(data, to);
        copyFileSync(from, file);
        // The server refuses a key that others may read.
        chmodSync(file, 0o600);
        if (recipe.user !== undefined) chownSync(file, recipe.user.uid, recipe.user.gid);
      }
      const settings = "ssl = on\nssl_ca_file = 'ca.crt'\npassword_encryption = 'scram-sha-256'\n";
      appendFileSync(join(data, "postgresql.conf"), settings);
    },
    ready: ({ folder, port }) => inside(folder, port, ["SELECT 1"]),
    url: ({ port }) => `postgres://${USER}@127.0.0.1:${port}/postgres`,
  });
  const roles = [USER, "mtls"].map((role) => `CREATE ROLE "${role}" LOGIN PASSWORD '${PASSWORD}'`);
  const rights = [USER, "mtls"].map((role) => `GRANT CREATE ON DATABASE postgres TO "${role}"`);
  await inside(started.place.folder, started.place.port, [...roles, ...rights]);
  return started;
}

/** NATS with TLS, and who may connect: `authorization { … }`, or the operator's JWT. */
export function securedNats(
  { server, ca }: Certificates,
  access: string,
  verify = false,
): Promise<Server> {
  const files = `cert_file: "${server.cert}", key_file: "${server.key}", ca_file: "${ca}"`;
  const conf = `tls { ${files}, verify: ${verify} }\n${access}\n`;
  return ownServer("nats", {
    prepare: async ({ folder }) => writeFileSync(join(folder, "nats.conf"), conf),
  });
}

/** RabbitMQ with a TLS listener, and no other one; `verify`: it asks for a certificate. */
export async function securedRabbit({ server, ca }: Certificates, verify = false): Promise<Server> {
  const recipe = recipes.rabbitmq(find("rabbitmq", false) ?? "");
  const started = await ownServer("rabbitmq", {
    async prepare(place) {
      await recipe.prepare?.(place);
      const file = join(place.folder, "rabbitmq.conf");
      const own = readFileSync(file, "utf8").replace(
        "listeners.tcp.default",
        "listeners.ssl.default",
      );
      const settings = [
        "listeners.tcp = none",
        `ssl_options.cacertfile = ${ca}`,
        `ssl_options.certfile = ${server.cert}`,
        `ssl_options.keyfile = ${server.key}`,
        `ssl_options.verify = ${verify ? "verify_peer" : "verify_none"}`,
        `ssl_options.fail_if_no_peer_cert = ${verify}`,
      ];
      writeFileSync(file, `${own}${settings.join("\n")}\n`);
    },
    url: ({ port }) => `amqps://${USER}:${PASSWORD}@127.0.0.1:${port}`,
  });
  await started.control(["add_user", USER, PASSWORD]);
  await started.control(["set_permissions", USER, ".*", ".*", ".*"]);
  return started;
}

/** A broker of Kafka that demands a user. */
export interface SecuredKafka {
  readonly server: Server;
  /** With TLS, and a password by PLAIN or SCRAM. */
  readonly secured: string;
  /** The same without TLS. */
  readonly open: string;
  /** With TLS, and a client's certificate instead of a password. */
  readonly mutual: string;
}

const LOGIN = "org.apache.kafka.common.security";
const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

export async function securedKafka({ server, ca }: Certificates): Promise<SecuredKafka> {
  const jars = find("kafka", false) ?? "";
  const [open = 0, mutual = 0] = await freePorts(2);
  const plain = `username="admin" password="admin" user_admin="admin" user_${USER}="${PASSWORD}"`;
  const jaas = (listener: string) => {
    const of = (mechanism: string) => `listener.name.${listener}.${mechanism}.sasl.jaas.config=`;
    return [
      `${of("plain")}${LOGIN}.plain.PlainLoginModule required ${plain};`,
      `${of("scram-sha-256")}${LOGIN}.scram.ScramLoginModule required;`,
      `${of("scram-sha-512")}${LOGIN}.scram.ScramLoginModule required;`,
    ];
  };
  const started = await ownServer("kafka", {
    async prepare(place) {
      const { folder, port, port2 } = place;
      const keys = join(folder, "server.pem");
      writeFileSync(keys, together(server));
      const at = [
        ["PLAINTEXT", port],
        ["OPEN", open],
        ["MUTUAL", mutual],
      ].map(([name, number]) => `${name}://127.0.0.1:${number}`);
      const more = [
        `listeners=${at.join()},CONTROLLER://127.0.0.1:${port2}`,
        `advertised.listeners=${at.join()}`,
        "listener.security.protocol.map=" +
          "PLAINTEXT:SASL_SSL,OPEN:SASL_PLAINTEXT,MUTUAL:SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name=PLAINTEXT",
        "sasl.mechanism.inter.broker.protocol=PLAIN",
        `sasl.enabled.mechanisms=${MECHANISMS.join()}`,
        ...jaas("plaintext"),
        ...jaas("open"),
        "ssl.keystore.type=PEM",
        `ssl.keystore.location=${keys}`,
        "ssl.truststore.type=PEM",
        `ssl.truststore.location=${ca}`,
        "listener.name.mutual.ssl.client.auth=required",
      ];
      const format = MECHANISMS.slice(1).flatMap((mechanism) => [
        "--add-scram",
        `${mechanism}=[name=${USER},password=${PASSWORD}]`,
      ]);
      prepareKafka(jars, place, { more, format });
    },
  });
  const url = (port: number) => `127.0.0.1:${port}`;
  return { server: started, secured: started.url, open: url(open), mutual: url(mutual) };
}

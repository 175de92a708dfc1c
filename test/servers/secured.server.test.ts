import { randomUUID } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { nkeys } from "@nats-io/transport-node";
import { type Bus, codeOf, jsonLogger, type Store, service, start } from "odori";
import { messageOf } from "odori/adapter";
import { kafka } from "odori/kafka";
import { memoryStore } from "odori/memory";
import { nats } from "odori/nats";
import { postgres, postgresBus } from "odori/postgres";
import { rabbitmq } from "odori/rabbitmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { odori } from "../support/command.ts";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { stopping, temporaryFolder } from "../support/scope.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { makeJwtAccess } from "./nats-jwt.ts";
import { ownServer } from "./own.ts";
import {
  PASSWORD,
  SECRET,
  securedKafka,
  securedNats,
  securedPostgres,
  securedRabbit,
  USER,
  WRONG,
} from "./secured.ts";
import { BLOCKS, blocksOf, type Connected } from "./secured-page.ts";
import type { Server } from "./server.ts";
import { titleOf, urlOf } from "./shared.ts";

const folder = temporaryFolder("certificates");
let made: Certificates;
let ca: Buffer;
let otherCa: Buffer;
const ran = new Set<string>();

beforeAll(() => {
  made = makeCertificates(folder.path);
  ca = readFileSync(made.ca);
  otherCa = readFileSync(made.otherCa);
  copyFileSync(made.client.cert, join(folder.path, "client.pem"));
  copyFileSync(made.client.key, join(folder.path, "client.key"));
  writeFileSync(join(folder.path, "password"), `${PASSWORD}\n`);
});
afterAll(() => folder[Symbol.dispose]());

/** A saga over two services: everything that a service does goes over the connection. */
async function saga({ bus, store }: Connected): Promise<void> {
  const orderId = randomUUID();
  const heard: string[] = [];
  const order = service<unknown>("order")
    .begins(placed)
    .on(authorized, {
      readonly: true,
      emits: [],
      handle: ({ data }) => void heard.push(data.orderId),
    });
  const payment = service<unknown>("payment").on(placed, {
    emits: [authorized],
    handle: ({ data }) => authorized(data),
  });
  const logged: string[] = [];
  const logger = jsonLogger("debug", (line) => void logged.push(line));
  const own: Store<unknown> = store ?? memoryStore();
  try {
    await using _payments = stopping(await start(payment, { store: memoryStore(), bus, logger }));
    await using orders = stopping(await start(order, { store: own, bus, logger }));
    await orders.begin(orderId, () => placed({ orderId }));
    await eventually("the saga has come back", () => heard.includes(orderId));
  } finally {
    await bus.close();
  }
  expect(logged.join()).not.toContain(SECRET);
}

/** Runs a block of the page against a server. */
async function page(name: string, address: string): Promise<void> {
  ran.add(name);
  using blocks = blocksOf(address, folder.path);
  await saga(await blocks.load(name));
}

/** What the bus says, to publish and to hear; nothing of it may have a secret. */
async function refused(bus: Bus, code: string, what: string): Promise<void> {
  const event = { group: "a", topics: [placed.type], inFlightMax: 1 };
  const error: unknown = await bus.subscribe(event, async () => {}).catch((one: unknown) => one);
  await bus.close();
  unveiled(error);
  expect([codeOf(error), messageOf(error)]).toEqual([code, expect.stringContaining(what)]);
}

function unveiled(error: unknown): void {
  const lines: string[] = [];
  jsonLogger("debug", (line) => void lines.push(line)).error("refused", { error });
  for (const text of [inspect(error, { depth: 50 }), JSON.stringify(error), ...lines])
    expect(text).not.toContain(SECRET);
}

/** `odori doctor` with a password in the environment: what it says, as JSON. */
async function doctor(args: readonly string[], password: string) {
  const before = { ...process.env };
  process.env.ODORI_PASSWORD = password;
  process.env.PGPASSWORD = password;
  const [json, text] = [
    await odori(["doctor", "--json", ...args]),
    await odori(["doctor", ...args]),
  ];
  process.env = before;
  for (const { out, err } of [json, text]) expect(out + err).not.toContain(SECRET);
  const { databases } = JSON.parse(json.out);
  const checks: readonly { level: string; check: string }[] = databases.flatMap(
    ({ checks: found }: { readonly checks: readonly never[] }) => found,
  );
  return checks.map(({ check }) => check);
}

const host = ({ url }: Server) => new URL(url.includes("://") ? url : `x://${url}`).host;
const local = (server: Server) => `localhost:${server.place.port}`;

describe("secured connections", () => {
  it.skipIf(urlOf("postgres") === undefined)(
    titleOf("postgres", "Postgres"),
    { timeout: 600_000 },
    async () => {
      await using server = stopping(await securedPostgres(made));
      await page("postgres", local(server));
      process.env.PGPASSWORD = PASSWORD;
      await page("postgres-url", local(server));
      delete process.env.PGPASSWORD;
      await page("postgres-certificate", local(server));
      const at = { host: "localhost", port: server.place.port, database: "postgres", user: USER };
      const ssl = { ca };
      const password = PASSWORD;
      const cert = readFileSync(made.forged.cert);
      const key = readFileSync(made.forged.key);
      await using plain = stopping(await ownServer("postgres"));
      await using elsewhere = stopping(await securedPostgres(made, made.elsewhere));
      for (const [options, code, what] of [
        [{ password: WRONG, ssl }, "LOGIN_REFUSED", "password authentication failed"],
        [{ ssl }, "LOGIN_REFUSED", "password"],
        [{ password, ssl: { ca: otherCa } }, "CERTIFICATE_UNTRUSTED", "certificate"],
        [{ password, ssl: true }, "CERTIFICATE_UNTRUSTED", "certificate"],
        [{ password, ssl, port: elsewhere.place.port }, "CERTIFICATE_UNTRUSTED", "altnames"],
        [{ password }, "TLS_MISMATCH", "no encryption"],
        [{ password, ssl, port: plain.place.port }, "TLS_MISMATCH", "does not support SSL"],
        [{ password, ssl, user: "mtls" }, "LOGIN_REFUSED", "valid client certificate"],
        [{ password, ssl: { ca, cert, key }, user: "mtls" }, "LOGIN_REFUSED", "unknown ca"],
      ] as const) {
        await refused(postgresBus({ ...at, ...options }), code, what);
        const opened = postgres({ ...at, ...options }).service();
        await expect(opened).rejects.toMatchObject({ code, name: "StoreUnavailableError" });
      }
      expect(() => postgresBus({ connectionString: server.url, password: WRONG })).not.toThrow();
      await refused(
        postgresBus({ connectionString: server.url, password: WRONG }),
        "OPTION_INVALID",
        "password stands beside connectionString",
      );
      const args = ["--postgres", server.url, "--schema", "order", "--bus-schema", "odori_bus"];
      expect(await doctor([...args, "--ca", made.ca], PASSWORD)).toEqual(
        expect.arrayContaining(["service", "outbox", "bus", "hearers"]),
      );
      expect(await doctor([...args, "--ca", made.ca], WRONG)).toContain("LOGIN_REFUSED");
      expect(await doctor([...args, "--ca", made.otherCa], PASSWORD)).toContain(
        "CERTIFICATE_UNTRUSTED",
      );
      expect(await doctor(args, PASSWORD)).toContain("TLS_MISMATCH");
    },
  );

  it.skipIf(urlOf("nats") === undefined)(
    titleOf("nats", "NATS"),
    { timeout: 600_000 },
    async () => {
      const user = nkeys.createUser();
      writeFileSync(join(folder.path, "user.nk"), user.getSeed());
      const key = user.getPublicKey();
      const users = `users: [ { user: ${USER}, password: "${PASSWORD}" }, { nkey: ${key} } ]`;
      await using server = stopping(await securedNats(made, `authorization { ${users} }`));
      await page("nats", local(server));
      await page("nats-nkey", local(server));
      await using tokens = stopping(
        await securedNats(made, `authorization { token: ${PASSWORD} }`),
      );
      await page("nats-token", local(tokens));
      const { config, creds } = makeJwtAccess();
      writeFileSync(join(folder.path, "user.creds"), creds);
      await using jwts = stopping(await securedNats(made, config));
      await page("nats-creds", local(jwts));
      await using mutual = stopping(await securedNats(made, "", true));
      await page("nats-certificate", local(mutual));
      const tls = { caFile: made.ca };
      const at = (login: string, on = server) => `tls://${login}${host(on)}`;
      for (const servers of [at(`${USER}:${PASSWORD}@`), at(`${PASSWORD}@`, tokens)])
        await saga({ bus: nats({ servers, connection: { tls } }) });
      await using plain = stopping(await ownServer("nats"));
      for (const [servers, connection, code, what] of [
        [at(`${USER}:${WRONG}@`), { tls }, "LOGIN_REFUSED", "Authorization Violation"],
        [at(""), { tls, user: USER, pass: WRONG }, "LOGIN_REFUSED", "Authorization Violation"],
        [at(""), { tls }, "LOGIN_REFUSED", "Authorization Violation"],
        [at(`${WRONG}@`, tokens), { tls }, "LOGIN_REFUSED", "Authorization Violation"],
        [at(""), { tls: { caFile: made.otherCa } }, "CERTIFICATE_UNTRUSTED", "certificate"],
        [host(server), {}, "CERTIFICATE_UNTRUSTED", "certificate"],
        [at("", plain), {}, "TLS_MISMATCH", "does not support 'tls'"],
      ] as const)
        await refused(nats({ servers, connection }), code, what);
      const args = ["--nats", `nats://${host(server)}`, "--user", USER];
      expect(await doctor([...args, "--ca", made.ca], PASSWORD)).toContain("jetstream");
      expect(await doctor([...args, "--ca", made.ca], WRONG)).toEqual(["LOGIN_REFUSED"]);
      expect(await doctor([...args, "--ca", made.otherCa], PASSWORD)).toEqual([
        "CERTIFICATE_UNTRUSTED",
      ]);
      const jwt = ["--nats", host(jwts), "--creds", join(folder.path, "user.creds")];
      expect(await doctor([...jwt, "--ca", made.ca], "")).toContain("jetstream");
      const { cert, key: own } = made.client;
      const shown = ["--nats", host(mutual), "--ca", made.ca, "--cert", cert, "--key", own];
      expect(await doctor(shown, "")).toContain("jetstream");
    },
  );

  it.skipIf(urlOf("rabbitmq") === undefined)(
    titleOf("rabbitmq", "RabbitMQ"),
    { timeout: 240_000 },
    async () => {
      await using server = stopping(await securedRabbit(made));
      await page("rabbitmq", local(server));
      await using mutual = stopping(await securedRabbit(made, true));
      await page("rabbitmq-certificate", local(mutual));
      const cert = readFileSync(made.forged.cert);
      const key = readFileSync(made.forged.key);
      const { url } = server;
      await using plain = stopping(await ownServer("rabbitmq"));
      for (const [options, code, what] of [
        [{ url: url.replace(PASSWORD, WRONG), tls: { ca } }, "LOGIN_REFUSED", "Login was refused"],
        [{ url, tls: { ca: otherCa } }, "CERTIFICATE_UNTRUSTED", "certificate"],
        [{ url }, "CERTIFICATE_UNTRUSTED", "certificate"],
        [{ url: url.replace("amqps:", "amqp:") }, "TLS_MISMATCH", "asks for TLS"],
        [{ url: plain.url.replace("amqp:", "amqps:") }, "TLS_MISMATCH", "wrong version number"],
        [{ url: mutual.url, tls: { ca } }, "LOGIN_REFUSED", "certificate required"],
        [{ url: mutual.url, tls: { ca, cert, key } }, "LOGIN_REFUSED", "unknown ca"],
      ] as const)
        await refused(rabbitmq(options), code, what);
      const args = ["--rabbitmq", `amqps://${USER}@${host(server)}`];
      expect(await doctor([...args, "--ca", made.ca], PASSWORD)).toContain("dead letters");
      expect(await doctor([...args, "--ca", made.ca], WRONG)).toEqual(["LOGIN_REFUSED"]);
      expect(await doctor(args, PASSWORD)).toEqual(["CERTIFICATE_UNTRUSTED"]);
    },
  );

  it.skipIf(urlOf("kafka") === undefined)(
    titleOf("kafka", "Kafka"),
    { timeout: 240_000 },
    async () => {
      const { server, secured, open, mutual } = await securedKafka(made);
      await using _server = stopping(server);
      await page("kafka", secured.replace("127.0.0.1", "localhost"));
      await page("kafka-certificate", mutual.replace("127.0.0.1", "localhost"));
      const login = { username: USER, password: PASSWORD };
      const quick = { partitions: 1, sessionTimeoutMs: 3_000 };
      for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
        const sasl = { mechanism, ...login };
        await saga({ bus: kafka({ brokers: secured, tls: { ca }, sasl, ...quick }) });
        await saga({ bus: kafka({ brokers: open, sasl, ...quick }) });
        const wrong = { ...sasl, password: WRONG };
        for (const [brokers, tls] of [
          [secured, { ca }],
          [open, false],
        ] as const)
          await refused(kafka({ brokers, tls, sasl: wrong }), "LOGIN_REFUSED", "password");
      }
      const sasl = { mechanism: "PLAIN", ...login } as const;
      const cert = readFileSync(made.forged.cert);
      const key = readFileSync(made.forged.key);
      for (const [brokers, options, code, what] of [
        [secured, { tls: { ca: otherCa }, sasl }, "CERTIFICATE_UNTRUSTED", "certificate"],
        [secured, { tls: true, sasl }, "CERTIFICATE_UNTRUSTED", "certificate"],
        [secured, { sasl }, "TLS_MISMATCH", "asks for TLS"],
        [secured, {}, "TLS_MISMATCH", "asks for TLS"],
        [open, { tls: { ca }, sasl }, "TLS_MISMATCH", "option tls"],
        [secured, { tls: { ca } }, "LOGIN_REFUSED", "option sasl"],
        [open, {}, "LOGIN_REFUSED", "option sasl"],
        [mutual, { tls: { ca } }, "LOGIN_REFUSED", "certificate"],
        [mutual, { tls: { ca, cert, key } }, "LOGIN_REFUSED", "certificate"],
      ] as const)
        await refused(kafka({ brokers, ...options }), code, what);
      const args = ["--kafka", secured, "--user", USER];
      expect(await doctor([...args, "--ca", made.ca], PASSWORD)).toContain("kafka");
      expect(await doctor([...args, "--ca", made.ca, "--sasl", "PLAIN"], WRONG)).toEqual([
        "LOGIN_REFUSED",
      ]);
      expect(await doctor([...args, "--ca", made.otherCa], PASSWORD)).toEqual([
        "CERTIFICATE_UNTRUSTED",
      ]);
      expect(await doctor(args, PASSWORD)).toEqual(["TLS_MISMATCH"]);
    },
  );

  it("every block of the page was run, where all servers can be had", () => {
    const names = ["postgres", "nats", "rabbitmq", "kafka"] as const;
    const missing = names.filter((name) => urlOf(name) === undefined);
    const due = BLOCKS.filter(
      (name) => name !== "secrets" && !missing.some((one) => name?.startsWith(one)),
    );
    expect(due.length).toBeGreaterThan(missing.length === 4 ? -1 : 0);
    expect(due.filter((name) => !ran.has(name ?? ""))).toEqual([]);
  });
});

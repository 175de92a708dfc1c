import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bus, service, start } from "odori";
import { kafka } from "odori/kafka";
import { manifestOfServices, writeManifest } from "odori/manifest";
import { memoryStore } from "odori/memory";
import { nats } from "odori/nats";
import { postgresBus } from "odori/postgres";
import { rabbitmq } from "odori/rabbitmq";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { inboxOf, natsConfig } from "../../src/acl/nats.ts";
import { partsOf } from "../../src/acl/part.ts";
import { rabbitArguments } from "../../src/acl/rabbitmq.ts";
import { find } from "../servers/find.ts";
import { managedRabbit } from "../servers/managed-rabbit.ts";
import { recipes } from "../servers/recipes.ts";
import { Server } from "../servers/server.ts";
import { titleOf, urlOf } from "../servers/shared.ts";
import { odori } from "../support/command.ts";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const heard: string[] = [];
const order = service<unknown>("order")
  .begins(placed)
  .on(authorized, {
    readonly: true,
    emits: [],
    handle({ data }) {
      heard.push(data.orderId);
    },
  });
const payment = service<unknown>("payment").on(placed, {
  emits: [authorized],
  handle: ({ data }) => authorized(data),
});
const manifest = manifestOfServices("shop", [order, payment]);
const parts = partsOf(manifest);
const SERVICES = ["order", "payment"] as const;

/** Runs `odori provision` for the two services. */
async function provision(...args: readonly string[]) {
  using folder = temporaryFolder("provision");
  writeFileSync(join(folder.path, "shop.json"), writeManifest(manifest));
  return await odori(["provision", "shop.json", ...args], undefined, folder.path);
}

/**
 * Before it is provisioned, no service may start. A dry run changes nothing. Then the services run
 * with their own permissions, also where the second starts after the first has published.
 */
async function provisioned(
  connect: (service: string) => Bus,
  args: readonly string[],
  refused: string | undefined,
): Promise<void> {
  const planned = await provision(...args, "--dry-run", "--json");
  expect(planned).toMatchObject({ status: 0, err: "" });
  if (refused !== undefined) {
    await using bus = closing(connect("payment"));
    const group = { group: "payment", topics: [placed.type], inFlightMax: 1 };
    const listening = bus.subscribe(group, async () => {});
    await expect(listening).rejects.toMatchObject({ code: refused });
  }
  for (const _ of ["first", "again"]) {
    const done = await provision(...args, "--json");
    expect(done).toMatchObject({ status: 0, err: "" });
    expect(JSON.parse(done.out).provisions).toEqual(JSON.parse(planned.out).provisions);
  }
  heard.length = 0;
  await using orderBus = closing(connect("order"));
  const options = { store: memoryStore(), logger: silent };
  await using orders = stopping(await start(order, { ...options, bus: orderBus }));
  await orders.begin("s-1", () => placed({ orderId: "o-1" }));
  await eventually("it is published", async () => (await orders.health()).publishing, 0);
  expect(heard).toEqual([]);
  await using paymentBus = closing(connect("payment"));
  await using _payments = stopping(
    await start(payment, { store: memoryStore(), logger: silent, bus: paymentBus }),
  );
  await eventually("the saga has come back", () => heard.join(), "o-1");
}

function ending(pool: pg.Pool): pg.Pool & AsyncDisposable {
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}

const ignored = async () => {};

/** On Postgres all services share the tables: policies keep the types of each apart. */
async function keepsApart(
  connect: (service: string) => Bus,
  owner: pg.Pool,
  orderUrl: URL,
): Promise<void> {
  await using orders = closing(connect("order"));
  // A forbidden type refuses its own events, and no others.
  const batch = [
    envelope(placed, "s", {}),
    envelope(authorized, "s", {}),
    envelope(placed, "t", {}),
  ];
  const results = await orders.publish(batch);
  const codes = results.map((one) => (one.accepted ? "accepted" : one.error.code));
  expect(codes).toEqual(["accepted", "BUS_FORBIDDEN", "accepted"]);
  for (const [group, topic] of [
    ["order", placed.type],
    ["payment", placed.type],
    ["payment", authorized.type],
  ] as const) {
    const listening = orders.subscribe({ group, topics: [topic], inFlightMax: 1 }, ignored);
    await expect(listening, `${group} ${topic}`).rejects.toMatchObject({ code: "BUS_FORBIDDEN" });
  }
  // Nor with SQL of its own: it sees, changes and takes nothing of another service.
  const count = `SELECT count(*)::int AS n FROM odori_bus.delivery WHERE group_name = 'payment'`;
  const waiting = async (pool: pg.Pool) => (await pool.query<{ n: number }>(count)).rows[0]?.n;
  expect(await waiting(owner)).toBe(2);
  await using own = ending(new pg.Pool({ connectionString: orderUrl.href }));
  expect(await waiting(own)).toBe(0);
  const held = "INSERT INTO odori_bus.member (owner, expires_at) VALUES ('payment-1', 9e15)";
  await owner.query(held);
  for (const statement of [
    "DELETE FROM odori_bus.delivery",
    "UPDATE odori_bus.delivery SET group_name = 'order', type = 'order.placed.v1'",
    "DELETE FROM odori_bus.member WHERE owner = 'payment-1'",
  ])
    expect((await own.query(statement)).rowCount, statement).toBe(0);
  for (const statement of [
    `SELECT odori_bus.publish('{"type":"${authorized.type}"}')`,
    `INSERT INTO odori_bus.delivery (group_name, type, body) VALUES ('order', 'x.y.v1', '')`,
    `INSERT INTO odori_bus.permission VALUES ('order', 'emit', 'order', '${authorized.type}')`,
    `INSERT INTO odori_bus.subscription VALUES ('order', '${placed.type}')`,
    "ALTER TABLE odori_bus.delivery DISABLE ROW LEVEL SECURITY",
  ])
    await expect(own.query(statement), statement).rejects.toMatchObject({ code: "42501" });
  expect(await waiting(owner)).toBe(2);
}

describe("after odori provision, a service runs with its own permissions", () => {
  it.skipIf(urlOf("nats") === undefined)(titleOf("nats", "on NATS"), async () => {
    const config = natsConfig(parts, { stream: "ODORI", prefix: "odori" }).replace(
      "  users: [",
      '  users: [\n    { user: operator, password: "operator-secret" }',
    );
    const env = Object.fromEntries(
      SERVICES.map((name) => [`ODORI_${name.toUpperCase()}_PASSWORD`, `${name}-secret`]),
    );
    const recipe = recipes.nats(find("nats", false) ?? "");
    await using server = stopping(
      await Server.start({
        ...recipe,
        prepare: async ({ folder }) => writeFileSync(join(folder, "nats.conf"), config),
        command: (place) => ({ ...recipe.command(place), env }),
      }),
    );
    const as = (user: string) => {
      const connection = { user, pass: `${user}-secret`, inboxPrefix: inboxOf(user) };
      return nats({ servers: server.url, connection });
    };
    const args = ["--nats", server.url, "--user", "operator"];
    expect(await provision(...args)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^LOGIN_REFUSED: /),
    });
    process.env.ODORI_PASSWORD = "operator-secret";
    await provisioned(as, args, "BUS_FORBIDDEN");
  });

  // Each word to the broker starts a virtual machine, which takes seconds on a busy machine.
  const patient = { timeout: 240_000 };
  const onRabbit = titleOf("rabbitmq", "on RabbitMQ");
  it.skipIf(urlOf("rabbitmq") === undefined)(onRabbit, patient, async () => {
    await using server = stopping(
      await Server.start(recipes.rabbitmq(find("rabbitmq", false) ?? "")),
    );
    for (const part of parts) {
      await server.control(["add_user", part.service, `${part.service}-secret`]);
      for (const words of rabbitArguments(part, { exchange: "odori", vhost: "/" }))
        await server.control(words);
    }
    const as = (username: string) => {
      const url = Object.assign(new URL(server.url), {
        username,
        password: `${username}-secret`,
      });
      return rabbitmq({ url: url.href });
    };
    await provisioned(as, ["--rabbitmq", server.url], "BUS_UNAVAILABLE");
  });

  const plugin = "on RabbitMQ, which has its permissions from the management plugin";
  it.skipIf(urlOf("rabbitmq") === undefined)(titleOf("rabbitmq", plugin), patient, async () => {
    const { server, management } = await managedRabbit();
    await using _server = stopping(server);
    const args = ["--rabbitmq", server.url, "--grants", "--management"];
    expect(await provision(...args, management)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^BUS_TOPOLOGY: .* add_user/),
    });
    expect(await provision(...args, management.replace("guest@", "wrong@"))).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^BUS_FORBIDDEN: (?!.*wrong)/),
    });
    for (const name of SERVICES) await server.control(["add_user", name, `${name}-secret`]);
    const as = (username: string) => {
      const password = `${username}-secret`;
      return rabbitmq({ url: Object.assign(new URL(server.url), { username, password }).href });
    };
    await provisioned(as, [...args, management], "BUS_UNAVAILABLE");
  });

  it.skipIf(urlOf("kafka") === undefined)(titleOf("kafka", "on Kafka"), async () => {
    const recipe = recipes.kafka(find("kafka", false) ?? "");
    const users = ["admin", ...SERVICES].map((name) => `user_${name}="${name}-secret"`);
    const login = "org.apache.kafka.common.security.plain.PlainLoginModule";
    const secured = [
      "listener.security.protocol.map=PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
      "sasl.enabled.mechanisms=PLAIN",
      "inter.broker.listener.name=PLAINTEXT",
      "sasl.mechanism.inter.broker.protocol=PLAIN",
      `listener.name.plaintext.plain.sasl.jaas.config=${login} required username="admin" \\`,
      `password="admin-secret" ${users.join(" ")};`,
      "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users=User:admin;User:ANONYMOUS",
    ];
    await using server = stopping(
      await Server.start({
        ...recipe,
        async prepare(place) {
          await recipe.prepare?.(place);
          appendFileSync(join(place.folder, "kafka.properties"), `${secured.join("\n")}\n`);
        },
      }),
    );
    const as = (username: string) =>
      kafka({
        brokers: server.url,
        partitions: 1,
        sasl: { mechanism: "PLAIN", username, password: `${username}-secret` },
      });
    process.env.ODORI_PASSWORD = "admin-secret";
    const args = ["--kafka", server.url, "--user", "admin", "--sasl", "PLAIN", "--grants"];
    await provisioned(as, [...args, "--partitions", "1"], "BUS_FORBIDDEN");
  });

  it.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "on Postgres"), async () => {
    await using server = stopping(
      await Server.start(recipes.postgres(find("postgres", false) ?? "")),
    );
    await using owner = ending(new pg.Pool({ connectionString: server.url }));
    const args = ["--postgres", server.url, "--grants"];
    expect(await provision(...args)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^BUS_TOPOLOGY: A role is missing/),
    });
    await owner.query("DROP SCHEMA odori_bus CASCADE");
    for (const name of SERVICES) await owner.query(`CREATE ROLE "${name}" LOGIN`);
    const as = (username: string) =>
      postgresBus(Object.assign(new URL(server.url), { username }).href);
    await provisioned(as, args, "STORE_FORBIDDEN");
    await keepsApart(as, owner, Object.assign(new URL(server.url), { username: "order" }));
    const rights = "SELECT has_table_privilege('payment', 'odori_bus.subscription', 'DELETE')";
    expect((await owner.query(rights)).rows).toEqual([{ has_table_privilege: false }]);
  });
});

describe("odori provision", () => {
  it("prints what it would create, and connects to nothing", async () => {
    const nowhere = ["--rabbitmq", "amqp://127.0.0.1:1", "--dry-run"];
    expect(await provision(...nowhere)).toEqual({
      status: 0,
      err: "",
      out: `exchange  odori                              takes all events, by type
exchange  odori.dead                         takes dead letters
queue     odori.dead                         keeps dead letters
queue     odori.order:payment.authorized.v1  order hears payment.authorized.v1
queue     odori.payment:order.placed.v1      payment hears order.placed.v1
Would be created if missing.
`,
    });
  });

  it.each([
    ["USAGE", []],
    ["USAGE", ["--nats", "nats://127.0.0.1:1", "--kafka", "127.0.0.1:1"]],
    ["USAGE", ["--nats", "nats://127.0.0.1:1", "--grants"]],
    ["USAGE", ["--kafka", "127.0.0.1:1", "--partitions", "0"]],
    ["OPTION_INVALID", ["--nats", "nats://127.0.0.1:1", "--stream", "a b"]],
    ["BUS_UNAVAILABLE", ["--nats", "nats://127.0.0.1:1"]],
    ["BUS_UNAVAILABLE", ["--rabbitmq", "amqp://127.0.0.1:1"]],
    ["BUS_UNAVAILABLE", ["--kafka", "127.0.0.1:1"]],
    ["BUS_UNAVAILABLE", ["--postgres", "postgres://127.0.0.1:1/x"]],
  ])("%s: %j", async (code, args) => {
    const { status, out, err } = await provision(...args);
    expect([status, out, err.split(":")[0]]).toEqual([2, "", code]);
  });
});

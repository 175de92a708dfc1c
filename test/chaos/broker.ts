import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { Admin } from "@platformatic/kafka";
import pg from "pg";
import type { ServerName } from "../servers/find.ts";
import type { Recipe, Server } from "../servers/server.ts";
import { eventually } from "../support/eventually.ts";

/** Something that happens to a server other than its end: credentials, topology, alarms. */
export interface BrokerFault {
  readonly name: string;
  /** Whether no service can reach the server meanwhile. */
  readonly cutsOff: boolean;
  /** Whether the broker then delivers again all that it still has. */
  readonly replays?: boolean;
  inflict(server: Server, random: () => number): Promise<void>;
  /** Ends it; absent where the services restore what they need. */
  repair?(server: Server): Promise<void>;
}

/** Who the services are: not who the harness is, so that they can be locked out. */
const USER = "services";
const PASSWORD = "right";
/** A broker that is down or frozen takes an order later. */
const REPAIR_LIMIT_MS = 120_000;
const PARTITIONS_MAX = 12;
const MEMORY = { none: "0.000001", usual: "0.6" } as const;

export const brokerFaults: Readonly<Record<ServerName, readonly BrokerFault[]>> = {
  postgres: [
    {
      name: "lock out",
      cutsOff: true,
      inflict: (server) =>
        statement(
          server,
          `ALTER ROLE ${USER} NOLOGIN`,
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${USER}'`,
        ),
      repair: (server) => statement(server, `ALTER ROLE ${USER} LOGIN`),
    },
  ],
  nats: [
    {
      name: "change password",
      cutsOff: true,
      inflict: async (server) => changeNats(server, "other"),
      repair: async (server) => changeNats(server, PASSWORD),
    },
    { name: "delete a consumer", cutsOff: false, replays: true, inflict: deleteConsumer },
  ],
  rabbitmq: [
    {
      name: "change password",
      cutsOff: true,
      async inflict(server) {
        await server.control(["change_password", USER, "other"]);
        await server.control(["close_all_connections", "the password has changed"]);
      },
      repair: (server) => server.control(["change_password", USER, PASSWORD]),
    },
    {
      name: "memory alarm",
      cutsOff: false,
      inflict: (server) => server.control(["set_vm_memory_high_watermark", MEMORY.none]),
      repair: (server) => server.control(["set_vm_memory_high_watermark", MEMORY.usual]),
    },
  ],
  kafka: [{ name: "grow partitions", cutsOff: false, inflict: growPartitions }],
};

/** Has a server know the user of the services. */
export function withUser(name: ServerName, recipe: Recipe): Recipe {
  if (name !== "nats") return recipe;
  return { ...recipe, prepare: async ({ folder }) => writeNats(folder, PASSWORD) };
}

/** The same, once the server runs; returns its URL for the services, past `port`. */
export async function admit(name: ServerName, server: Server, port: number): Promise<string> {
  if (name === "postgres") await statement(server, `CREATE ROLE ${USER} LOGIN SUPERUSER`);
  if (name === "rabbitmq") {
    await server.control(["add_user", USER, PASSWORD]);
    await server.control(["set_permissions", USER, ".*", ".*", ".*"]);
  }
  if (name === "kafka") return server.url.replace(`:${server.place.port}`, `:${port}`);
  const url = new URL(server.url);
  url.port = `${port}`;
  url.username = USER;
  if (name !== "postgres") url.password = PASSWORD;
  return url.href;
}

/** Ends a fault, as soon as the server takes orders. */
export async function repaired(server: Server, fault: BrokerFault): Promise<void> {
  const repair = async () => {
    await fault.repair?.(server);
    return "repaired";
  };
  await eventually(`${fault.name} is repaired`, repair, "repaired", REPAIR_LIMIT_MS);
}

async function statement(server: Server, ...texts: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: server.url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    for (const text of texts) await client.query(text);
  } finally {
    await client.end().catch(() => {});
  }
}

function writeNats(folder: string, password: string): void {
  const users = [
    `{ user: harness, password: harness }`,
    `{ user: ${USER}, password: "${password}" }`,
  ];
  writeFileSync(join(folder, "nats.conf"), `authorization { users: [ ${users.join(", ")} ] }\n`);
}

function changeNats({ place, pid }: Server, password: string): void {
  writeNats(place.folder, password);
  // The server reads its file again, and ends the connections of who may not come in any more. One
  // that is down reads it when it starts.
  if (pid !== 0) process.kill(pid, "SIGHUP");
}

async function deleteConsumer(server: Server, random: () => number): Promise<void> {
  const own = await connect({
    servers: server.url,
    user: "harness",
    pass: "harness",
    timeout: 2_000,
    reconnect: false,
  });
  try {
    const manager = await jetstreamManager(own);
    const consumers = await manager.consumers.list("ODORI").next();
    const one = consumers[Math.floor(random() * consumers.length)];
    if (one !== undefined) await manager.consumers.delete("ODORI", one.name);
  } finally {
    await own.close();
  }
}

async function growPartitions(server: Server): Promise<void> {
  const admin = new Admin({ clientId: "chaos", bootstrapBrokers: [server.url] });
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith("odori."));
    const { topics: known } = await admin.metadata({ topics });
    const grown = [...known].flatMap(([name, { partitions }]) => {
      const count = Object.keys(partitions).length + 1;
      return count <= PARTITIONS_MAX ? [{ name, count, assignments: null }] : [];
    });
    if (grown.length > 0) await admin.createPartitions({ topics: grown });
  } finally {
    await admin.close();
  }
}

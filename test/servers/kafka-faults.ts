import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Admin } from "@platformatic/kafka";
import type { BusFactory, FaultyBus } from "odori/conformance";
import { kafka } from "odori/kafka";
import { codeOf } from "../../src/contract/errors.ts";
import { eventually } from "../support/eventually.ts";
import { find } from "./find.ts";
import { ownServer, silenced, withServer } from "./own.ts";
import { recipes } from "./recipes.ts";
import type { Place } from "./server.ts";

/** A broker that is busy refuses a change that it takes a moment later. */
async function inflicted(change: () => Promise<unknown>): Promise<void> {
  const outcome = async () => {
    try {
      await change();
      return "done";
    } catch (error) {
      return codeOf(error);
    }
  };
  await eventually("the broker makes the change", outcome, "done");
}

let prefixes = 0;
const recipe = () => recipes.kafka(find("kafka", false) ?? "");
const quick = { partitions: 1, sessionTimeoutMs: 2_000 };

/** The bus past a proxy on that port. */
const past = (port: number) => kafka({ brokers: `127.0.0.1:${port}`, ...quick });

/** What can happen to a Kafka broker, by name. */
export function kafkaFaults(url: () => string): NonNullable<BusFactory["faults"]> {
  const onTopic = (change: (admin: Admin, topic: string) => Promise<unknown>) => async () => {
    const prefix = `f${process.pid}-${prefixes++}.`;
    const topic = `${prefix}order.placed.v1`;
    const bus = kafka({ brokers: url(), prefix, ...quick });
    const admin = new Admin({ clientId: "test", bootstrapBrokers: [url()] });
    return {
      bus,
      inflict: () => inflicted(() => change(admin, topic)),
      async close() {
        await bus.close();
        await admin.deleteTopics({ topics: [topic] });
        await admin.close();
      },
    };
  };
  return {
    "the topic is deleted": onTopic((admin, topic) => admin.deleteTopics({ topics: [topic] })),
    "partitions grow": onTopic((admin, name) =>
      admin.createPartitions({ topics: [{ name, count: 8, assignments: null }] }),
    ),
    "the broker comes back empty": emptied,
    "the password is changed, and changed back": passwordChanged,
    "the connections are black holes": () => silenced("kafka", past, "all"),
    "a reply never comes": () => silenced("kafka", past, "replies"),
  };
}

async function emptied(): Promise<FaultyBus> {
  const server = await ownServer("kafka");
  const bus = kafka({ brokers: server.url, ...quick });
  return withServer(server, {
    bus,
    async inflict() {
      await server.kill();
      rmSync(join(server.place.folder, "log"), { recursive: true });
      await recipe().prepare?.(server.place);
      await server.up();
    },
  });
}

/** Has the broker ask for a password: the user is `order`. */
export function demand({ folder }: Place, password: string): void {
  const file = join(folder, "kafka.properties");
  const settings = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !/^(listener\.security|listener\.name|sasl)/.test(line));
  const own = 'username="admin" password="admin" user_admin="admin"';
  settings.push(
    "listener.security.protocol.map=PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms=PLAIN",
    "sasl.mechanism.inter.broker.protocol=PLAIN",
    "listener.name.plaintext.plain.sasl.jaas.config=" +
      "org.apache.kafka.common.security.plain.PlainLoginModule required " +
      `${own} user_order="${password}";`,
  );
  writeFileSync(file, settings.join("\n"));
}

async function passwordChanged(): Promise<FaultyBus> {
  const server = await ownServer("kafka", {
    async prepare(place) {
      await recipe().prepare?.(place);
      demand(place, "right");
    },
  });
  const change = async (password: string) => {
    demand(server.place, password);
    await server.kill();
    await server.up();
  };
  const sasl = { mechanism: "PLAIN", username: "order", password: "right" } as const;
  const bus = kafka({ brokers: server.url, sasl, ...quick });
  return withServer(server, {
    bus,
    inflict: () => change("other"),
    repair: () => change("right"),
  });
}

import { Admin, ConfigResourceTypes } from "@platformatic/kafka";
import { checkMessageLimit } from "../../cloudevents/message-limit.ts";
import { busTopology } from "../../ports/errors.ts";
import { hasCode } from "./errors.ts";
import { clientOf, type KafkaSettings, topicOf } from "./options.ts";
import { tolerant } from "./tolerant.ts";

const IN_SYNC = "min.insync.replicas";
const MESSAGE_BYTES = "max.message.bytes";
/** How long a broker's metadata may lag behind the creation of a topic. */
const METADATA = { limitMs: 10_000, pauseMs: 50 } as const;

/**
 * Creates the topics of these types, and verifies them. A compacted topic would lose
 * events: those of one saga have the same key. Throws `BUS_TOPOLOGY`.
 */
export async function ensureTopics(
  settings: KafkaSettings,
  types: readonly string[],
): Promise<void> {
  if (types.length === 0) return;
  const admin = tolerant(new Admin(clientOf(settings)));
  try {
    const wanted = types.map((type) => topicOf(settings, type));
    const known = new Set(await admin.listTopics({}));
    const missing = wanted.filter((topic) => !known.has(topic));
    for (const topic of missing) refuseCollision(topic, [...known, ...wanted]);
    const configs = [
      { name: "cleanup.policy", value: "delete" },
      { name: "retention.ms", value: `${settings.retentionMs}` },
      { name: IN_SYNC, value: `${settings.minInSyncReplicas}` },
    ];
    for (const topic of missing) {
      await admin
        .createTopics({
          topics: [topic],
          partitions: settings.partitions,
          replicas: settings.replicas,
          configs,
        })
        .catch((error: unknown) => {
          // Another process was faster, or the metadata lagged.
          if (!hasCode(error, "TOPIC_ALREADY_EXISTS")) throw error;
        });
    }
    await listed(admin, missing);
    // A new topic has the broker's maximum message size.
    await verify(admin, settings, wanted);
  } finally {
    await admin.close();
  }
}

/** A broker takes a dot and an underscore in the names of topics as the same. */
function refuseCollision(topic: string, others: readonly string[]): void {
  const plain = topic.replaceAll(".", "_");
  const other = others.find((name) => name !== topic && name.replaceAll(".", "_") === plain);
  if (other === undefined) return;
  throw busTopology(
    `The names of the topics ${topic} and ${other} collide.`,
    "Rename one of the events: Kafka takes a dot and an underscore as the same.",
  );
}

/** Waits until the metadata lists these topics: before, their settings cannot be read. */
async function listed(admin: Admin, topics: readonly string[]): Promise<void> {
  if (topics.length === 0) return;
  const ends = performance.now() + METADATA.limitMs;
  for (;;) {
    const known = new Set(await admin.listTopics({}));
    const absent = topics.filter((topic) => !known.has(topic));
    if (absent.length === 0) return;
    if (performance.now() > ends)
      throw new Error(`The topic ${absent[0]} exists, but the metadata does not list it.`);
    await new Promise((resolve) => setTimeout(resolve, METADATA.pauseMs));
  }
}

async function verify(
  admin: Admin,
  { retentionMs, minInSyncReplicas }: KafkaSettings,
  topics: readonly string[],
): Promise<void> {
  if (topics.length === 0) return;
  const resources = topics.map((resourceName) => ({
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName,
    configurationKeys: ["cleanup.policy", "retention.ms", MESSAGE_BYTES, IN_SYNC],
  }));
  for (const { resourceName, configs } of await admin.describeConfigs({ resources })) {
    const value = (name: string) => configs.find((config) => config.name === name)?.value;
    if (value("cleanup.policy") !== "delete") {
      throw busTopology(
        `The topic ${resourceName} has cleanup.policy=${value("cleanup.policy")}.`,
        "Set it to `delete`: a compacted topic loses events.",
      );
    }
    checkMessageLimit(
      `${MESSAGE_BYTES} of the topic ${resourceName}`,
      Number(value(MESSAGE_BYTES)),
    );
    if (Number(value(IN_SYNC)) < minInSyncReplicas) {
      throw busTopology(
        `The topic ${resourceName} has ${IN_SYNC}=${value(IN_SYNC)}, ` +
          `below minInSyncReplicas (${minInSyncReplicas}).`,
        "Raise it: an event that one broker keeps is lost with that broker.",
      );
    }
    const kept = Number(value("retention.ms"));
    if (kept === -1 || kept > retentionMs) {
      throw busTopology(
        `The topic ${resourceName} has retention.ms=${kept}, ` +
          `longer than the bus's retentionMs (${retentionMs}).`,
        "Set retentionMs of the bus to that value, and retentionMs of the services above it.",
      );
    }
  }
}

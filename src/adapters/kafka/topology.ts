import { Admin, ConfigResourceTypes } from "@platformatic/kafka";
import { busTopology } from "../../ports/errors.ts";
import { hasCode } from "./errors.ts";
import { clientOf, type KafkaSettings, topicOf } from "./options.ts";

/**
 * Creates the topics of these types, or verifies existing ones. A compacted topic would lose
 * events: those of one saga have the same key. Throws `BUS_TOPOLOGY`.
 */
export async function ensureTopics(
  settings: KafkaSettings,
  types: readonly string[],
): Promise<void> {
  if (types.length === 0) return;
  const admin = new Admin(clientOf(settings));
  try {
    const wanted = types.map((type) => topicOf(settings, type));
    const known = new Set(await admin.listTopics({}));
    const missing = wanted.filter((topic) => !known.has(topic));
    const configs = [
      { name: "cleanup.policy", value: "delete" },
      { name: "retention.ms", value: `${settings.retentionMs}` },
    ];
    for (const topic of missing) {
      await admin
        .createTopics({
          topics: [topic],
          partitions: settings.partitions,
          replicas: settings.replicas,
          configs,
        })
        // Another process has created it; the next start verifies it.
        .catch((error: unknown) => {
          if (!hasCode(error, "TOPIC_ALREADY_EXISTS")) throw error;
        });
    }
    await verify(
      admin,
      settings,
      wanted.filter((topic) => known.has(topic)),
    );
  } finally {
    await admin.close();
  }
}

async function verify(
  admin: Admin,
  { retentionMs }: KafkaSettings,
  topics: readonly string[],
): Promise<void> {
  if (topics.length === 0) return;
  const resources = topics.map((resourceName) => ({
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName,
    configurationKeys: ["cleanup.policy", "retention.ms"],
  }));
  for (const { resourceName, configs } of await admin.describeConfigs({ resources })) {
    const value = (name: string) => configs.find((config) => config.name === name)?.value;
    if (value("cleanup.policy") !== "delete") {
      throw busTopology(
        `The topic ${resourceName} has cleanup.policy=${value("cleanup.policy")}.`,
        "Set it to `delete`: a compacted topic loses events.",
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

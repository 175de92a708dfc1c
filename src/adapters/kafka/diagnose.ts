import { Admin, ConfigResourceTypes } from "@platformatic/kafka";
import { type Diagnosis, verdict } from "../../adapter/diagnosis.ts";
import { codeOf, messageOf } from "../../contract/errors.ts";
import { examineConnection } from "./errors.ts";
import { clientOf, type KafkaOptions, settingsOf } from "./options.ts";
import { tolerant } from "./tolerant.ts";

const DAY_MS = 24 * 3_600_000;

/**
 * Examines the brokers and their topics without changing them. Never throws: a failure is a
 * finding.
 *
 * @example
 * ```ts
 * import { diagnose } from "odori/kafka";
 *
 * const retentionMs = 30 * 24 * 3_600_000;
 * const findings = await diagnose({ brokers: "localhost:9092" }, retentionMs);
 * for (const { level, check, message } of findings) console.log(level, check, message);
 * ```
 */
export async function diagnose(
  options: KafkaOptions,
  inboxRetentionMs: number,
): Promise<readonly Diagnosis[]> {
  const settings = settingsOf(options);
  const admin = tolerant(new Admin({ ...clientOf(settings), retries: 0, connectTimeout: 3_000 }));
  try {
    const topics = (await admin.listTopics({})).filter((topic) =>
      topic.startsWith(settings.prefix),
    );
    const found = [
      verdict(
        "kafka",
        true,
        "ok",
        `${settings.brokers.join(", ")} replies; ${topics.length} topics`,
      ),
    ];
    if (topics.length === 0) return found;
    const metadata = await admin.metadata({ topics });
    const lonely = topics.filter((topic) =>
      metadata.topics.get(topic)?.partitions.some(({ replicas }) => replicas.length < 3),
    );
    const resources = topics.map((resourceName) => ({
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName,
      configurationKeys: ["cleanup.policy", "retention.ms", "min.insync.replicas"],
    }));
    const described = await admin.describeConfigs({ resources });
    const value = (configs: (typeof described)[number]["configs"], name: string) =>
      configs.find((config) => config.name === name)?.value;
    const compacted = described
      .filter(({ configs }) => value(configs, "cleanup.policy") !== "delete")
      .map(({ resourceName }) => resourceName);
    const kept = described.filter(({ configs }) => {
      const ms = Number(value(configs, "retention.ms"));
      return ms === -1 || ms > inboxRetentionMs;
    });
    const deaf = await groupsWithoutMembers(admin, settings.prefix);
    const inSync = described.map(({ configs }) => Number(value(configs, "min.insync.replicas")));
    return [
      ...found,
      verdict(
        "hearers",
        deaf.length === 0,
        "warning",
        deaf.length === 0 ? "each group has one" : `no process hears for ${deaf.join(", ")}`,
      ),
      verdict(
        "in sync",
        Math.min(...inSync) >= 2,
        "warning",
        `min.insync.replicas is ${Math.min(...inSync)}; in production 2`,
      ),
      verdict(
        "cleanup",
        compacted.length === 0,
        "error",
        compacted.length === 0 ? "delete" : `not \`delete\`: ${compacted.join(", ")}`,
      ),
      verdict(
        "retention",
        kept.length === 0,
        "error",
        kept.length === 0
          ? `at most the ${inboxRetentionMs / DAY_MS} days of the inbox`
          : `longer than the inbox's ${inboxRetentionMs / DAY_MS} days: ${namesOf(kept)}`,
      ),
      verdict(
        "replicas",
        lonely.length === 0,
        "warning",
        lonely.length === 0 ? "3 or more" : `fewer than 3 for ${lonely.length} topics`,
      ),
    ];
  } catch (cause) {
    const error = await examineConnection(cause, settings);
    return [{ level: "error", check: codeOf(error), message: messageOf(error) }];
  } finally {
    await admin.close();
  }
}

async function groupsWithoutMembers(admin: Admin, prefix: string): Promise<readonly string[]> {
  const ours = [...(await admin.listGroups({})).keys()].filter((id) => id.startsWith(prefix));
  if (ours.length === 0) return [];
  const groups = [...(await admin.describeGroups({ groups: ours })).values()];
  return groups.filter(({ members }) => members.size === 0).map(({ id }) => id);
}

function namesOf(topics: readonly { readonly resourceName: string }[]): string {
  return topics.map(({ resourceName }) => resourceName).join(", ");
}

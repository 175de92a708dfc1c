import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  ResourcePatternTypes,
  ResourceTypes,
} from "@platformatic/kafka";
import { type Provision, type ServicePart, typesOfParts } from "../../adapter/provision.ts";
import { OdoriError } from "../../contract/errors.ts";
import { busForbidden, busTopology } from "../../ports/errors.ts";
import { examineConnection, hasCode, isForbidden } from "./errors.ts";
import { clientOf, type KafkaOptions, settingsOf, topicOf } from "./options.ts";
import { tolerant } from "./tolerant.ts";
import { ensureTopics } from "./topology.ts";

/** One ACL entry of a broker. */
export interface KafkaGrant {
  /** `User:payment` */
  readonly principal: string;
  readonly operation: "Read" | "Write" | "DescribeConfigs";
  readonly resource: "topic" | "group";
  readonly name: string;
}

const OPERATIONS = {
  Read: AclOperations.READ,
  Write: AclOperations.WRITE,
  DescribeConfigs: AclOperations.DESCRIBE_CONFIGS,
} as const;
const RESOURCES = { topic: ResourceTypes.TOPIC, group: ResourceTypes.GROUP } as const;

/** Lists what `provision` creates: a topic for each type. */
export function provisions(
  options: KafkaOptions,
  parts: readonly ServicePart[],
): readonly Provision[] {
  const settings = settingsOf(options);
  return typesOfParts(parts).map((type) => {
    const hearers = parts.filter(({ hears }) => hears.includes(type));
    const names = hearers.map(({ service }) => service).join(", ");
    const detail = names === "" ? "no service hears it" : `heard by ${names}`;
    return { kind: "topic", name: topicOf(settings, type), detail };
  });
}

/**
 * Creates the topics that are missing and verifies the others, then adds the ACL entries. The user
 * needs the permission to do so. Throws `BUS_TOPOLOGY`, `BUS_FORBIDDEN`, `BUS_UNAVAILABLE` or
 * `LOGIN_REFUSED`.
 */
export async function provision(
  options: KafkaOptions,
  parts: readonly ServicePart[],
  granted: readonly KafkaGrant[],
): Promise<void> {
  const settings = settingsOf(options);
  const place = settings.brokers.join(", ");
  try {
    await ensureTopics(settings, typesOfParts(parts));
    if (granted.length === 0) return;
    const admin = tolerant(new Admin(clientOf(settings)));
    try {
      await admin.createAcls({ creations: granted.map(aclOf) });
    } finally {
      await admin.close();
    }
  } catch (error) {
    if (error instanceof OdoriError) throw error;
    if (hasCode(error, "SECURITY_DISABLED")) {
      const hint = "Set authorizer.class.name of the brokers, or leave --grants out.";
      throw busTopology(`The broker at ${place} has no authorizer.`, hint, error);
    }
    throw isForbidden(error)
      ? busForbidden(place, error)
      : await examineConnection(error, settings);
  }
}

function aclOf({ principal, operation, resource, name }: KafkaGrant) {
  return {
    resourceType: RESOURCES[resource],
    resourceName: name,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal,
    host: "*",
    operation: OPERATIONS[operation],
    permissionType: AclPermissionTypes.ALLOW,
  };
}

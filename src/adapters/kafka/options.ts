import type { ConnectionOptions } from "node:tls";
import type { SASLOptions } from "@platformatic/kafka";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";

/** Options of `kafka`. */
export interface KafkaOptions {
  /** `host:9092`: one broker of the cluster, or several. */
  readonly brokers: string | readonly string[];
  /**
   * `true`: TLS with the CAs that Node knows. Otherwise `ca`, and `cert` and `key` of the client.
   *
   * @default no TLS
   */
  readonly tls?: boolean | ConnectionOptions;
  /**
   * `{ mechanism: "SCRAM-SHA-512", username, password }`. A function as the password is called for
   * each connection.
   *
   * @default no authentication
   */
  readonly sasl?: SASLOptions;
  /**
   * Prefix of each topic (followed by the type) and of each consumer group (the service).
   *
   * @default "odori."
   */
  readonly prefix?: string;
  /**
   * Partitions of a new topic: the most members of a service that can share its work.
   *
   * @default 6
   */
  readonly partitions?: number;
  /**
   * Replicas of a new topic. Use 3 in production.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * How many replicas must have an event before it is acknowledged: `min.insync.replicas` of a new
   * topic. An existing topic with a lower value is refused.
   *
   * @default 2 with 3 or more replicas, else 1
   */
  readonly minInSyncReplicas?: number;
  /**
   * How long a new topic keeps an event, in milliseconds: the longest downtime of a service.
   *
   * @default 7 days
   */
  readonly retentionMs?: number;
  /**
   * A member that is silent for this long loses its partitions to others, in milliseconds.
   *
   * @default 10000
   */
  readonly sessionTimeoutMs?: number;
}

/** `KafkaOptions` with the defaults filled in. */
export type KafkaSettings = Required<Omit<KafkaOptions, "brokers" | "tls" | "sasl">> & {
  readonly brokers: string[];
  readonly tls: ConnectionOptions | undefined;
  readonly sasl: SASLOptions | undefined;
};

const DAY_MS = 24 * 3_600_000;
const PREFIX = /^[A-Za-z0-9._-]{0,64}$/;

/** Validates the options, and fills in the defaults; throws `OPTION_INVALID`. */
export function settingsOf(options: KafkaOptions): KafkaSettings {
  const {
    prefix = "odori.",
    partitions = 6,
    replicas = 1,
    minInSyncReplicas = replicas >= 3 ? 2 : 1,
    retentionMs = 7 * DAY_MS,
    sessionTimeoutMs = 10_000,
    tls,
    sasl,
  } = options;
  if (!PREFIX.test(prefix))
    throw new OdoriError("OPTION_INVALID", `prefix is ${quote(prefix)}.`, {
      hint: "Use letters, digits, dots, - and _.",
    });
  const brokers =
    typeof options.brokers === "string" ? options.brokers.split(",") : [...options.brokers];
  return {
    brokers,
    prefix,
    partitions,
    replicas,
    minInSyncReplicas,
    retentionMs,
    sessionTimeoutMs,
    tls: tls === true ? {} : tls === false ? undefined : tls,
    sasl,
  };
}

/** The topic of a type. */
export function topicOf({ prefix }: Pick<KafkaSettings, "prefix">, type: string): string {
  return `${prefix}${type}`;
}

/** The consumer group of a service. */
export function groupOf({ prefix }: Pick<KafkaSettings, "prefix">, group: string): string {
  return `${prefix}${group}`;
}

/** The options that producer, consumer and admin client share. */
export function clientOf({ brokers, tls, sasl }: KafkaSettings) {
  return {
    clientId: "odori",
    bootstrapBrokers: brokers,
    connectTimeout: 5_000,
    requestTimeout: 15_000,
    retries: 3,
    retryDelay: 250,
    autocreateTopics: false,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

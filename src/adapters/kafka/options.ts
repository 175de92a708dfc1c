import type { ConnectionOptions } from "node:tls";
import type { SASLOptions } from "@platformatic/kafka";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";

/** Options of a Kafka bus. */
export interface KafkaOptions {
  /** `host:9092`, one or several of a cluster. */
  readonly brokers: string | readonly string[];
  readonly tls?: ConnectionOptions;
  readonly sasl?: SASLOptions;
  /**
   * The prefix of every topic and of every group.
   * @default odori.
   */
  readonly prefix?: string;
  /**
   * Partitions of a new topic: the most members of a service that share its work.
   * @default 6
   */
  readonly partitions?: number;
  /**
   * Copies of a new topic in a cluster; in production 3, with `min.insync.replicas` 2.
   * @default 1
   */
  readonly replicas?: number;
  /**
   * How long a new topic keeps an event, in milliseconds, also for a service that is away.
   * @default 7 days
   */
  readonly retentionMs?: number;
  /**
   * How long a member may be silent, in milliseconds, before others get its partitions.
   * @default 10_000
   */
  readonly sessionTimeoutMs?: number;
}

export type KafkaSettings = Required<Omit<KafkaOptions, "brokers" | "tls" | "sasl">> & {
  readonly brokers: string[];
  readonly tls: ConnectionOptions | undefined;
  readonly sasl: SASLOptions | undefined;
};

const DAY_MS = 24 * 3_600_000;
const PREFIX = /^[A-Za-z0-9._-]{0,64}$/;

export function settingsOf(options: KafkaOptions): KafkaSettings {
  const {
    prefix = "odori.",
    partitions = 6,
    replicas = 1,
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
  return { brokers, prefix, partitions, replicas, retentionMs, sessionTimeoutMs, tls, sasl };
}

export function topicOf({ prefix }: Pick<KafkaSettings, "prefix">, type: string): string {
  return `${prefix}${type}`;
}

export function groupOf({ prefix }: Pick<KafkaSettings, "prefix">, group: string): string {
  return `${prefix}${group}`;
}

/** What producer, consumer and admin have in common. */
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

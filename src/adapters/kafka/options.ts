import type { ConnectionOptions } from "node:tls";
import type { SASLOptions } from "@platformatic/kafka";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";

export interface KafkaOptions {
  /** `host:9092`, one or several of a cluster. */
  readonly brokers: string | readonly string[];
  readonly tls?: ConnectionOptions;
  readonly sasl?: SASLOptions;
  /**
   * What stands before every type in a topic's name, and before every service's in a group's.
   * Default `odori.`.
   */
  readonly prefix?: string;
  /** Partitions of a new topic: so many members of a service can share its work. Default 6. */
  readonly partitions?: number;
  /**
   * Copies that a new topic has in a cluster. Default 1; in production 3, with
   * `min.insync.replicas` 2.
   */
  readonly replicas?: number;
  /** How long a new topic keeps an event, also for a service that is away. Default 7 days. */
  readonly retentionMs?: number;
  /** After so long without a word from a member, its partitions go to others. Default 10,000. */
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

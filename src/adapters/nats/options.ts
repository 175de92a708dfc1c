import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";

/** Options of `nats`. */
export interface NatsOptions {
  /** `nats://host:4222`: one server of the cluster, or several. */
  readonly servers: string | readonly string[];
  /** TLS, credentials and other options of the client. */
  readonly connection?: Omit<NodeConnectionOptions, "servers">;
  /**
   * The stream that keeps the events; created if it is missing.
   *
   * @default "ODORI"
   */
  readonly stream?: string;
  /**
   * First token of each subject: `odori.payment.authorized.v1`.
   *
   * @default "odori"
   */
  readonly prefix?: string;
  /**
   * Replicas of a new stream. Use 3 in production.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * How long a new stream keeps an event, in milliseconds: the longest downtime of a service.
   *
   * @default 7 days
   */
  readonly maxAgeMs?: number;
  /**
   * A member that is silent for this long loses a message to another one, in milliseconds.
   *
   * @default 30000
   */
  readonly ackWaitMs?: number;
}

/** `NatsOptions` with the defaults filled in. */
export type NatsSettings = Required<Omit<NatsOptions, "servers">> & { readonly servers: string[] };

const DAY_MS = 24 * 3_600_000;
const WORD = /^[A-Za-z0-9_-]{1,64}$/;

/** Validates the options, and fills in the defaults; throws `OPTION_INVALID`. */
export function settingsOf(options: NatsOptions): NatsSettings {
  const {
    stream = "ODORI",
    prefix = "odori",
    replicas = 1,
    maxAgeMs = 7 * DAY_MS,
    ackWaitMs = 30_000,
    connection = {},
  } = options;
  for (const [name, value] of Object.entries({ stream, prefix })) {
    if (!WORD.test(value)) {
      throw new OdoriError("OPTION_INVALID", `${name} is ${quote(value)}.`, {
        hint: "Use letters, digits, - and _.",
      });
    }
  }
  const servers =
    typeof options.servers === "string" ? options.servers.split(",") : [...options.servers];
  if (servers.some((server) => server.includes("@"))) {
    throw new OdoriError("OPTION_INVALID", "servers has a user or a password.", {
      hint: 'The client reads none there: connection: { user: "order", pass: … }.',
    });
  }
  return { servers, stream, prefix, replicas, maxAgeMs, ackWaitMs, connection };
}

/** The servers without user and password, for messages. */
export function placeOf({ servers }: NatsSettings): string {
  return servers.map((server) => server.replace(/^([a-z]+:\/\/)?[^@/]*@/, "$1")).join(", ");
}

/** The subject of a type. */
export function subjectOf({ prefix }: Pick<NatsSettings, "prefix">, type: string): string {
  return `${prefix}.${type}`;
}

/**
 * The consumer through which a service hears a type. Each type has its own, so that permissions can
 * name it. Its name must not contain dots.
 */
export function consumerOf(group: string, type: string): string {
  return `${group}--${type.replaceAll(".", "-")}`;
}

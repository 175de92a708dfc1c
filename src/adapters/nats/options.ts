import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";

/** Options of a NATS bus. */
export interface NatsOptions {
  /** `nats://host:4222`, one or several of a cluster. */
  readonly servers: string | readonly string[];
  /** Further options of the client, such as TLS and credentials. */
  readonly connection?: Omit<NodeConnectionOptions, "servers">;
  /**
   * The stream that keeps the events; created if it is missing.
   * @default ODORI
   */
  readonly stream?: string;
  /**
   * The prefix of every subject: `odori.payment.authorized.v1`.
   * @default odori
   */
  readonly prefix?: string;
  /**
   * Copies of a new stream in a cluster; in production 3.
   * @default 1
   */
  readonly replicas?: number;
  /**
   * How long a new stream keeps an event, in milliseconds, also for a service that is away.
   * @default 7 days
   */
  readonly maxAgeMs?: number;
  /**
   * How long a member may keep a message without a word to the server, in milliseconds. Then the
   * message goes to another member.
   * @default 30_000
   */
  readonly ackWaitMs?: number;
}

export type NatsSettings = Required<Omit<NatsOptions, "servers">> & { readonly servers: string[] };

const DAY_MS = 24 * 3_600_000;
const WORD = /^[A-Za-z0-9_-]{1,64}$/;

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
  return { servers, stream, prefix, replicas, maxAgeMs, ackWaitMs, connection };
}

/** Without user and password: for messages. */
export function placeOf({ servers }: NatsSettings): string {
  return servers.map((server) => server.replace(/^([a-z]+:\/\/)?[^@/]*@/, "$1")).join(", ");
}

export function subjectOf({ prefix }: Pick<NatsSettings, "prefix">, type: string): string {
  return `${prefix}.${type}`;
}

/**
 * A service hears each type through a consumer of its own, so that permissions can name it. Dots
 * are not legal in its name.
 */
export function consumerOf(group: string, type: string): string {
  return `${group}--${type.replaceAll(".", "-")}`;
}

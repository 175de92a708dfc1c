import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { type Packing, packingFrom } from "../../cloudevents/parcels.ts";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";

/** Options of `nats`. */
export interface NatsOptions {
  /**
   * `nats://user:password@host:4222`: one server of the cluster, or several. `nats://token@host`
   * has a token, and `tls://host` asks for TLS.
   */
  readonly servers: string | readonly string[];
  /** TLS, credentials and other options of the client. Its credentials replace those of a URL. */
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
  /**
   * `"batch"`: events of one type that are published together travel as one message, in the JSON
   * batch format of CloudEvents. That costs less, and every service reads it; a foreign consumer
   * may not.
   *
   * @default "binary": each event is a message
   */
  readonly mode?: "binary" | "batch";
  /**
   * Types whose events are one message each in spite of `mode`, such as those that a foreign
   * consumer hears.
   *
   * @default []
   */
  readonly single?: readonly string[];
}

/** `NatsOptions` with the defaults filled in. */
export type NatsSettings = Required<Omit<NatsOptions, "servers" | keyof Packing>> &
  Packing & { readonly servers: string[] };

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
  const given =
    typeof options.servers === "string" ? options.servers.split(",") : [...options.servers];
  const servers = given.map((server) => server.trim().replace(LOGIN, "$1"));
  const known = [connection.user, connection.token, connection.authenticator];
  const login = known.every((one) => one === undefined) ? loginOf(given) : {};
  const tls = given.some((server) => /^\s*tls:/.test(server)) ? { tls: {} } : {};
  return {
    servers,
    stream,
    prefix,
    replicas,
    maxAgeMs,
    ackWaitMs,
    ...packingFrom(options),
    connection: { ...tls, ...login, ...connection },
  };
}

/** What comes before the host of a server: `user:password@`. */
const LOGIN = /^([a-z]+:\/\/)?([^@/]*)@/;

/** The user and password of the first URL that has any, or its token: the client reads neither. */
function loginOf(servers: readonly string[]): NatsOptions["connection"] & object {
  const [, , login] = servers.map((server) => LOGIN.exec(server.trim())).find(Boolean) ?? [];
  if (login === undefined) return {};
  const [first = "", ...rest] = login.split(":").map(decoded);
  return rest.length === 0 ? { token: first } : { user: first, pass: rest.join(":") };
}

/** A part of a URL as it is meant; its text, where the escapes are invalid. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The servers, which have neither user nor password any more, for messages. */
export function placeOf({ servers }: NatsSettings): string {
  return servers.join(", ");
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

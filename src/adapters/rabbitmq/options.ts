import type { ConnectionOptions as TlsOptions } from "node:tls";
import { type Packing, packingFrom } from "../../cloudevents/parcels.ts";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";

/** Options of `rabbitmq`. */
export interface RabbitOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps:`. */
  readonly url: string;
  /**
   * `host:5672` of each member of a cluster; the client tries them in turn.
   *
   * @default the host of `url`
   */
  readonly hosts?: readonly string[];
  /** @default TLS if `url` begins with `amqps:` */
  readonly tls?: boolean | TlsOptions;
  /**
   * The topic exchange of all events; created if it is missing.
   *
   * @default "odori"
   */
  readonly exchange?: string;
  /**
   * Types that no service hears, such as those that end a saga. An event of any other type that
   * reaches no queue is refused with `UNROUTABLE`, and stays in the outbox: the service that hears
   * it was never started.
   *
   * @default []
   */
  readonly unheard?: readonly string[];
  /**
   * The services that hear a type, by type. The bus declares their queues before it publishes the
   * first event of the type. Without it, a service that was never started misses the events that
   * another service gets.
   *
   * @default {}
   */
  readonly heardBy?: Readonly<Record<string, readonly string[]>>;
  /**
   * The client gives up a connection that is silent for this long, in seconds.
   *
   * @default 10
   */
  readonly heartbeatSeconds?: number;
  /**
   * How long a queue that was created now gets no event, in milliseconds: RabbitMQ notes its place
   * on the disk late, and loses the queue's messages if it is killed before. That delays the first
   * start of a service, and what is published to a queue of `heardBy`. 0 suits brokers of tests; at
   * most 5000.
   *
   * @default 2000
   */
  readonly settleMs?: number;
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

/** `RabbitOptions` with the defaults filled in. */
export type RabbitSettings = Required<
  Pick<RabbitOptions, "url" | "exchange" | "heartbeatSeconds" | "settleMs">
> &
  Packing & {
    readonly hosts: readonly string[] | undefined;
    readonly tls: boolean | TlsOptions | undefined;
    readonly unheard: ReadonlySet<string>;
    readonly heardBy: ReadonlyMap<string, readonly string[]>;
  };

/** A reply is waited for longer: a queue that settles delays it. */
const SETTLE_MAX_MS = 5_000;
const WORD = /^[A-Za-z0-9_.-]{1,64}$/;

/** Validates the options, and fills in the defaults; throws `OPTION_INVALID`. */
export function settingsOf(options: RabbitOptions): RabbitSettings {
  const { url, hosts, tls, exchange = "odori" } = options;
  const { heartbeatSeconds = 10, settleMs = 2_000 } = options;
  if (!URL.canParse(url) || !/^amqps?:$/.test(new URL(url).protocol)) {
    throw new OdoriError("OPTION_INVALID", "url is not the address of a RabbitMQ broker.", {
      hint: "Write amqp://user:password@host:5672/vhost.",
    });
  }
  if (!WORD.test(exchange))
    throw new OdoriError("OPTION_INVALID", `exchange is ${quote(exchange)}.`, {
      hint: "Use letters, digits, -, _ and dots.",
    });
  if (!(settleMs >= 0 && settleMs <= SETTLE_MAX_MS))
    throw new OdoriError("OPTION_INVALID", `settleMs is ${settleMs}.`, {
      hint: `Use a number of milliseconds from 0 to ${SETTLE_MAX_MS}.`,
    });
  const unheard = new Set(options.unheard);
  const heardBy = new Map(Object.entries(options.heardBy ?? {}));
  const packing = packingFrom(options);
  const times = { heartbeatSeconds, settleMs };
  return { url, hosts, tls, exchange, ...times, unheard, heardBy, ...packing };
}

/** The hosts without user and password, for messages. */
export function placeOf({ url, hosts }: RabbitSettings): string {
  return hosts?.join(", ") ?? `${new URL(url).host}${new URL(url).pathname}`;
}

/** The virtual host of the broker's URL; without a path, the default one. */
export function vhostOf({ url }: Pick<RabbitSettings, "url">): string {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || "/";
}

/**
 * The queue through which a service hears a type. Each type has its own, so that members of an
 * older version get only the types they know.
 */
export function queueOf(
  { exchange }: Pick<RabbitSettings, "exchange">,
  group: string,
  type: string,
): string {
  return `${exchange}.${group}:${type}`;
}

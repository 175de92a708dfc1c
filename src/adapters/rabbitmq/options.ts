import type { ConnectionOptions as TlsOptions } from "node:tls";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";

/** Options of a RabbitMQ bus. */
export interface RabbitOptions {
  /**
   * `amqp://user:password@host:5672/vhost`, or `amqps:`; several hosts of a cluster are tried in
   * turn.
   */
  readonly url: string;
  readonly hosts?: readonly string[];
  readonly tls?: boolean | TlsOptions;
  /**
   * The topic exchange of all events; created if it is missing.
   * @default odori
   */
  readonly exchange?: string;
  /**
   * Types that no service hears, such as those that end a saga. An event of any other type that
   * reaches no queue is refused with `UNROUTABLE`, and stays in the outbox: whoever is to hear it
   * has never been started.
   */
  readonly unheard?: readonly string[];
  /**
   * How long the broker may be silent, in seconds, before the connection counts as lost.
   * @default 10
   */
  readonly heartbeatSeconds?: number;
}

export type RabbitSettings = Required<
  Pick<RabbitOptions, "url" | "exchange" | "heartbeatSeconds">
> & {
  readonly hosts: readonly string[] | undefined;
  readonly tls: boolean | TlsOptions | undefined;
  readonly unheard: ReadonlySet<string>;
};

const WORD = /^[A-Za-z0-9_.-]{1,64}$/;

export function settingsOf(options: RabbitOptions): RabbitSettings {
  const { url, hosts, tls, exchange = "odori", unheard = [], heartbeatSeconds = 10 } = options;
  if (!URL.canParse(url) || !/^amqps?:$/.test(new URL(url).protocol)) {
    throw new OdoriError("OPTION_INVALID", "url is not the address of a RabbitMQ.", {
      hint: "Write amqp://user:password@host:5672/vhost.",
    });
  }
  if (!WORD.test(exchange))
    throw new OdoriError("OPTION_INVALID", `exchange is ${quote(exchange)}.`, {
      hint: "Use letters, digits, -, _ and dots.",
    });
  return { url, hosts, tls, exchange, heartbeatSeconds, unheard: new Set(unheard) };
}

/** Without user and password: for messages. */
export function placeOf({ url, hosts }: RabbitSettings): string {
  return hosts?.join(", ") ?? `${new URL(url).host}${new URL(url).pathname}`;
}

/**
 * A service hears each type through a queue of its own: members of an older version do not get what
 * they do not know.
 */
export function queueOf(
  { exchange }: Pick<RabbitSettings, "exchange">,
  group: string,
  type: string,
): string {
  return `${exchange}.${group}:${type}`;
}

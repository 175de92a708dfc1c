/** Options of `http`. */
export interface HttpOptions {
  /**
   * Who hears this service's events, and where.
   *
   * @default []
   */
  readonly subscribers?: readonly HttpSubscriber[];
  /**
   * Types that no subscriber hears, such as those that end a saga. An event of any other type
   * without a subscriber is refused with `UNROUTABLE`, and stays in the outbox.
   *
   * @default []
   */
  readonly unheard?: readonly string[];
  /** How events come in. A service that hears none may leave it out. */
  readonly receive?: HttpReceiveOptions;
  /**
   * How long a subscriber may take to reply, in milliseconds.
   *
   * @default 30000
   */
  readonly timeoutMs?: number;
}

/** A service, in any language, that gets events as HTTP requests. */
export interface HttpSubscriber {
  /** Where events are posted: `https://shipping.example/events`. */
  readonly url: string;
  /** The types that it gets, each with its version: `payment.authorized.v1`. */
  readonly hears: readonly string[];
  /**
   * The content mode. `"batch"`: events that come up while a request is under way share the next
   * one. Signed events are never in binary mode: a signature does not cover headers.
   *
   * @default "binary"; "structured" with secrets
   */
  readonly mode?: "binary" | "structured" | "batch";
  /**
   * Secrets of Standard Webhooks: `whsec_` and base64. Requests are signed with each of them; two
   * while one replaces the other.
   *
   * @default []
   */
  readonly secrets?: readonly string[];
  /**
   * Headers of each request, such as `authorization`.
   *
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a service gets events over HTTP. It needs `secrets`, or `unsigned`. */
export interface HttpReceiveOptions {
  /**
   * Secrets of Standard Webhooks. A request must be signed with one of them.
   *
   * @default []
   */
  readonly secrets?: readonly string[];
  /**
   * Whether requests need no signature: the network, or a proxy, lets only known senders through.
   *
   * @default false
   */
  readonly unsigned?: boolean;
  /** A server of its own. Without it, mount `handler` or `fetch` of the bus in a server. */
  readonly listen?: HttpListenOptions;
  /**
   * Senders that the handshake of the CloudEvents WebHook specification permits, such as
   * `eventemitter.example.com`; `"*"` permits all.
   *
   * @default []
   */
  readonly origins?: readonly string[];
  /**
   * Most requests at once; further ones are told to come again.
   *
   * @default 256
   */
  readonly requestsMax?: number;
  /**
   * How long a body may take to arrive, in milliseconds.
   *
   * @default 10000
   */
  readonly bodyMs?: number;
  /**
   * After how long a request is told to come again whose events are not yet committed, in
   * milliseconds. Choose less than the sender's own limit.
   *
   * @default 10000
   */
  readonly replyMs?: number;
}

/** Where a server of the bus's own listens. */
export interface HttpListenOptions {
  readonly port: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /**
   * The path of the endpoint; others are not found.
   *
   * @default "/"
   */
  readonly path?: string;
}

import type { Connection, Publisher } from "rabbitmq-client";
import { Mutex } from "../../adapter/mutex.ts";
import { speaksTls } from "../../adapter/tls-probe.ts";
import { busRefusesConnection } from "../../ports/connection.ts";
import { busUnavailable } from "../../ports/errors.ts";
import { faultOf } from "./errors.ts";
import { placeOf, type RabbitSettings } from "./options.ts";
import { VerbatimConnection } from "./verbatim.ts";

const AMQP_PORT = 5_672;
const CONNECT_TIMEOUT_MS = 5_000;
/**
 * Longer than any reply is waited for: the bus replaces a connection without one, and the new one
 * says why it is refused. The client would reconnect, and say nothing.
 */
const ACQUIRE_MS = 20_000;
const RETRY_MS = { low: 100, high: 2_000 } as const;

/** How a connection is opened. */
interface Opening {
  /** Its name in the management of the broker. */
  readonly name: string;
  /** @default 5000 */
  readonly timeoutMs?: number;
  /** Called before it connects, to listen. */
  readonly prepare?: (connection: Connection) => void;
}

/**
 * Opens a connection. The client reconnects it by itself. Rejects at once if every host refuses
 * the login or TLS: the next attempt would end the same way.
 */
export async function openConnection(
  settings: RabbitSettings,
  { name, timeoutMs = CONNECT_TIMEOUT_MS, prepare }: Opening,
): Promise<Connection> {
  const { url, hosts, tls, heartbeatSeconds } = settings;
  const connection = new VerbatimConnection({
    url,
    ...(hosts === undefined ? {} : { hosts: [...hosts] }),
    ...(tls === undefined ? {} : { tls }),
    heartbeat: heartbeatSeconds,
    connectionName: name,
    acquireTimeout: ACQUIRE_MS,
    connectionTimeout: timeoutMs,
    retryLow: RETRY_MS.low,
    retryHigh: RETRY_MS.high,
  });
  let last: unknown;
  let faults = 0;
  const { promise: refused, reject: refuse } = Promise.withResolvers<never>();
  // An `error` event without a listener would end the process.
  connection.on("error", (error: unknown) => {
    last = error;
    if (faultOf(error) !== undefined && ++faults >= (hosts?.length ?? 1)) refuse(error);
  });
  prepare?.(connection);
  try {
    await Promise.race([connection.onConnect(timeoutMs, true), refused]);
    return connection;
  } catch (error) {
    connection.unsafeDestroy();
    const known = last ?? error;
    throw (faultOf(known) === undefined ? await lacksTls(settings) : undefined) ?? known;
  }
}

/** A broker that asks for TLS says nothing to a client without it. */
async function lacksTls(settings: RabbitSettings): Promise<Error | undefined> {
  const { url, hosts = [], tls } = settings;
  if (tls !== undefined || !url.startsWith("amqp:")) return undefined;
  if (!(await speaksTls(hosts[0] ?? new URL(url).host, AMQP_PORT))) return undefined;
  const cause = new Error("it asks for TLS, and the url begins with amqp:");
  return busRefusesConnection("TLS_MISMATCH", placeOf(settings), cause);
}

/**
 * The connection that publishes. It consumes nothing: the broker reads no more from a connection
 * that it blocks, so acknowledgements on it would wait as well.
 */
export class PublishLink {
  readonly connection: Connection;
  /** Sends many messages at once. */
  readonly together: Publisher;
  /** Sends one message at a time, so that the reply is about it. */
  readonly apart: Publisher;
  readonly alone = new Mutex();
  /** Correlation ids of messages that reached no queue. */
  readonly returned = new Set<string>();
  /** Types whose hearers have their queues. */
  readonly ensured = new Set<string>();
  readonly #settings: RabbitSettings;
  /** Why the broker accepts no messages; undefined: it does. */
  #blocked: Error | undefined;
  /** Sends that a block ends. */
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(connection: Connection, settings: RabbitSettings) {
    this.connection = connection;
    this.#settings = settings;
    this.together = this.#openPublisher();
    this.apart = this.#openPublisher();
    connection.on("connection.blocked", (reason) => {
      this.#blocked = new Error(`it accepts no messages: ${reason}`);
      for (const reject of this.#waiting) reject(this.#blocked);
    });
    const unblocked = () => (this.#blocked = undefined);
    connection.on("connection.unblocked", unblocked);
    connection.on("error", unblocked);
  }

  /** Settles as `send` does. Rejects with `BUS_UNAVAILABLE` while the broker blocks publishers. */
  async unlessBlocked(send: () => Promise<void>): Promise<void> {
    const refuse = (cause: Error) => busUnavailable(placeOf(this.#settings), cause);
    if (this.#blocked !== undefined) throw refuse(this.#blocked);
    await new Promise<void>((resolve, reject) => {
      const blocked = (cause: Error) => reject(refuse(cause));
      this.#waiting.add(blocked);
      send()
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(blocked));
    });
  }

  #openPublisher(): Publisher {
    const publisher = this.connection.createPublisher({ confirm: true, maxAttempts: 1 });
    publisher.on("basic.return", ({ correlationId }) => {
      if (correlationId !== undefined) this.returned.add(correlationId);
    });
    return publisher;
  }
}

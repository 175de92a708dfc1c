import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { checkMessageLimit } from "../../cloudevents/message-limit.ts";
import { isLoginRefused } from "./errors.ts";
import type { NatsSettings } from "./options.ts";

/** An open connection, and the clients on it. */
export interface Link {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  /** Whether `closeLink` was called: from then on nothing may be sent. */
  closing: boolean;
  /** Why the server refuses the client while that reconnects; undefined: it does not. */
  refusal: Error | undefined;
  /** Why nothing can be sent while the client reconnects; undefined: it is connected. */
  cut: Error | undefined;
  /** Requests that wait for their reply: a cut ends them. */
  readonly waiting: Set<(error: Error) => void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** With one ping without a reply the connection is given up: after 20 s at most. */
const PINGS = { pingInterval: 10_000, maxPingOut: 1 } as const;

export async function openLink({ servers, connection: own }: NatsSettings): Promise<Link> {
  const connection = await connect({
    name: "odori",
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    ...PINGS,
    // The password may be changed on the server, and changed back.
    ignoreAuthErrorAbort: true,
    // The client otherwise creates an error for each request in advance: 12 % of the CPU time.
    noAsyncTraces: true,
    ...own,
    servers,
  });
  try {
    const { max_payload = Number.POSITIVE_INFINITY } = connection.info ?? {};
    checkMessageLimit("max_payload of the server", max_payload);
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const client = jetstream(connection);
    const link: Link = {
      connection,
      manager,
      client,
      closing: false,
      refusal: undefined,
      cut: undefined,
      waiting: new Set(),
    };
    watchStatus(link);
    return link;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** The client reconnects in silence: a request then says only that it has no reply. */
async function watchStatus(link: Link): Promise<void> {
  for await (const status of link.connection.status()) {
    if (status.type === "reconnect") [link.refusal, link.cut] = [undefined, undefined];
    else if (status.type === "disconnect") {
      link.cut = new Error("the connection is lost");
      for (const reject of link.waiting) reject(link.cut);
    } else if (status.type === "error" && isLoginRefused(status.error)) link.refusal = status.error;
  }
}

/**
 * Settles as `request` does, and rejects as soon as the connection is cut. The client would wait
 * for the whole timeout: a reply never comes over the next connection, and each attempt to
 * reconnect drops what is not sent yet. The server may have done what it was asked.
 */
export async function unlessCut<T>(link: Link, request: () => Promise<T>): Promise<T> {
  if (link.cut !== undefined) throw link.cut;
  const { promise: cut, reject } = Promise.withResolvers<never>();
  link.waiting.add(reject);
  try {
    return await Promise.race([request(), cut]);
  } finally {
    link.waiting.delete(reject);
  }
}

/**
 * Closes the connection. `close` of the client removes the listeners of its socket. A write that
 * the socket refuses is reported in the next tick, and would then end the process. So nothing is
 * sent any more, and a turn passes before.
 */
export async function closeLink(link: Link): Promise<void> {
  link.closing = true;
  await new Promise((resolve) => setImmediate(resolve));
  await link.connection.close();
}

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer, type IncomingMessage, Server, type ServerResponse } from "node:http";
import type { BusFactory, FaultyBus } from "odori/conformance";
import { type HttpBus, type HttpSubscriber, http } from "odori/http";
import { Webhook } from "standardwebhooks";
import { TcpProxy } from "../chaos/proxy.ts";
import { freePort } from "../support/free-ports.ts";

export const SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
const PLACED = "order.placed.v1";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on a free port. */
export async function serve(handler: Handler): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${portOf(server)}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}

/** The headers with which a foreign sender signs a body. */
export function signedHeaders(
  body: string,
  { secret = SECRET, id = "msg_1", at = new Date() } = {},
): Readonly<Record<string, string>> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
}

/**
 * Buses of the processes of one service, behind a load balancer: members of a group in several
 * processes compete for requests there.
 */
export function httpBuses(name: string, subscriber: Partial<HttpSubscriber>): BusFactory {
  const { secrets = [] } = subscriber;
  const receive = secrets.length > 0 ? { secrets } : { unsigned: true };
  return {
    name,
    faults: FAULTS,
    async make() {
      const open: HttpBus[] = [];
      let turn = 0;
      const balancer = await serve((request, response) =>
        open[turn++ % open.length]?.handler(request, response),
      );
      return {
        async connect() {
          const bus = http({
            subscribers: [{ url: balancer.url, hears: [PLACED], ...subscriber }],
            // The suite publishes this type without a subscriber.
            unheard: ["payment.authorized.v1"],
            receive,
          });
          open.push(bus);
          return bus;
        },
        refused: {
          "too large": { data: "x".repeat(1_100_000) },
          "a type without a subscriber": { type: "order.unheard.v1" },
        },
        async inject(_topic, bytes) {
          const body = new TextDecoder().decode(bytes);
          const headers = secrets.length > 0 ? signedHeaders(body) : {};
          const response = await fetch(balancer.url, {
            method: "POST",
            headers: { "content-type": "application/cloudevents+json", ...headers },
            body,
          });
          if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
        },
        async close() {
          for (const bus of open) await bus.close();
          await balancer.close();
        },
      };
    },
  };
}

const FAULTS: NonNullable<BusFactory["faults"]> = {
  "the socket listens no more": unheardSocket,
  "connections are cut": () => proxied((proxy) => proxy.cut()),
  "the connection is a black hole": () => proxied((proxy) => proxy.silence("all")),
  "a reply never comes": () => proxied((proxy) => proxy.silence("replies")),
};

async function unheardSocket(): Promise<FaultyBus> {
  const port = await freePort();
  const bus = http({
    subscribers: [{ url: `http://127.0.0.1:${port}/`, hears: [PLACED] }],
    receive: { unsigned: true, listen: { port } },
  });
  let server: Server | undefined;
  const remember = (message: unknown) => {
    if (typeof message !== "object" || message === null || !("server" in message)) return;
    const found = message.server;
    if (found instanceof Server && found.listening && portOf(found) === port) server = found;
  };
  subscribe("http.server.request.start", remember);
  return {
    bus,
    async inflict() {
      server?.closeAllConnections();
      await new Promise((resolve) => server?.close(resolve));
    },
    async close() {
      unsubscribe("http.server.request.start", remember);
      await bus.close();
    },
  };
}

async function proxied(inflict: (proxy: TcpProxy) => void): Promise<FaultyBus> {
  const proxy = await TcpProxy.listen();
  proxy.target = await freePort();
  const bus = http({
    subscribers: [{ url: `http://127.0.0.1:${proxy.port}/`, hears: [PLACED] }],
    receive: { unsigned: true, listen: { port: proxy.target } },
    timeoutMs: 1_000,
  });
  return {
    bus,
    inflict: async () => inflict(proxy),
    async close() {
      await bus.close();
      await proxy.close();
    },
  };
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { OdoriError } from "../../contract/errors.ts";
import { busUnavailable } from "../../ports/errors.ts";
import type { HttpListenOptions } from "./options.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Slow headers and idle connections are cut, and connections are bounded. */
const CUTS = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
} as const;
const CONNECTIONS_MAX = 1_024;
/** How long replies may take to leave, once the bus is closed. */
const FLUSH_MS = 1_000;

/** The server of a bus that has one of its own. It opens with the first subscription. */
export class Listening {
  readonly #options: Required<HttpListenOptions>;
  readonly #handler: Handler;
  #server: Server | undefined;
  #opening: Promise<void> | undefined;

  constructor(options: Required<HttpListenOptions>, handler: Handler) {
    this.#options = options;
    this.#handler = handler;
  }

  /** Listens, unless it does. Rejects with `BUS_UNAVAILABLE` if the port cannot be had. */
  open(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Rejects with `BUS_UNAVAILABLE` if the socket does not listen any more. */
  async check(): Promise<void> {
    if (this.#server?.listening !== true)
      throw busUnavailable(this.#place, new Error("the socket does not listen"));
  }

  /** Closes the socket, and the connections once their replies have left. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    const server = this.#server;
    if (server?.listening !== true) return;
    const closed = once(server, "close");
    server.close();
    const timer = setTimeout(() => server.closeAllConnections(), FLUSH_MS);
    await closed;
    clearTimeout(timer);
  }

  get #place(): string {
    return `${this.#options.host}:${this.#options.port}`;
  }

  async #open(): Promise<void> {
    if (this.#server?.listening === true) return;
    const { port, host } = this.#options;
    const server = createServer(CUTS, (request, response) => this.#route(request, response));
    server.maxConnections = CONNECTIONS_MAX;
    try {
      server.listen(port, host);
      await once(server, "listening");
    } catch (cause) {
      throw new OdoriError("BUS_UNAVAILABLE", `Cannot listen at ${this.#place}.`, {
        cause,
        hint: "Name a free port, and an address of this machine.",
      });
    }
    // Such as too many open files while it accepts: the next connection may work.
    server.on("error", () => {});
    this.#server = server;
  }

  #route(request: IncomingMessage, response: ServerResponse): void {
    const [path] = (request.url ?? "").split("?");
    if (path === this.#options.path) this.#handler(request, response);
    else response.writeHead(404, { "content-length": 0 }).end();
  }
}

import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { JournalSource } from "odori/console";
import { type HttpSourceOptions, httpSource } from "odori/web";

export const TOKEN = "a-token-that-is-long-enough";

/** A server on a free port of this machine. */
export class Endpoint implements AsyncDisposable {
  readonly url: string;
  /** What replies. */
  listener: RequestListener = (_, response) => response.writeHead(404).end();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.url = `http://127.0.0.1:${port}/source`;
    server.on("request", (request, response) => this.listener(request, response));
  }

  static async open(listener?: RequestListener): Promise<Endpoint> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const endpoint = new Endpoint(server);
    if (listener !== undefined) endpoint.listener = listener;
    return endpoint;
  }

  source(options: Partial<HttpSourceOptions> = {}): JournalSource {
    return httpSource({ url: this.url, token: TOKEN, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

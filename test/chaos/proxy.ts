import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * A TCP proxy in front of a server, which cuts connections, loses what the server answers, and
 * holds bytes back.
 */
export class TcpProxy {
  // Its timers are the fault itself: how long replies are lost, and how late bytes arrive.
  readonly port: number;
  /** Where the server is; set once it is known. */
  target = 0;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #delayMs = 0;
  #swallowing = false;
  #dark = false;
  /** Sockets that read, and pass nothing on. */
  readonly #silent = new WeakSet<Socket>();
  #trigger: { readonly text: string; then(): void } | undefined;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on("connection", (client) => this.#join(client));
  }

  static listen(): Promise<TcpProxy> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(
          new TcpProxy(server, typeof address === "object" && address !== null ? address.port : 0),
        );
      });
    });
  }

  cut(): void {
    for (const [client, upstream] of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  /**
   * Makes a black hole of the connections that are open: they stay open, and carry nothing more.
   * New ones work. `"replies"`: what the client sends still reaches the server.
   */
  silence(what: "all" | "replies"): void {
    for (const [client, upstream] of this.#pairs) {
      this.#silent.add(upstream);
      if (what === "all") this.#silent.add(client);
    }
  }

  /** Holds back what the server answers on the open connections. The result lets go of it. */
  hold(): () => void {
    const upstreams = [...this.#pairs].map(([, upstream]) => upstream);
    for (const upstream of upstreams) upstream.pause();
    return () => {
      for (const upstream of upstreams) upstream.resume();
    };
  }

  /** A black hole for every connection, new ones too; then they all break. */
  async blackOut(ms: number): Promise<void> {
    this.#dark = true;
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#dark = false;
    this.cut();
  }

  /** The server does all it is asked, and its replies are lost; then the connections break. */
  async swallow(ms: number): Promise<void> {
    this.#swallowing = true;
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.cut();
    this.#swallowing = false;
  }

  /** The same, from the moment on when a client sends that text. */
  swallowAfter(text: string, ms: number): void {
    this.after(text, () => this.swallow(ms));
  }

  /** Does something as soon as a client sends that text, before the server has it. */
  after(text: string, then: () => void): void {
    this.#trigger = { text, then };
  }

  async delay(byMs: number, ms: number): Promise<void> {
    this.#delayMs = byMs;
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#delayMs = 0;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const upstream = connect(this.target, "127.0.0.1");
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", end);
    }
    this.#pass(client, upstream, false);
    this.#pass(upstream, client, true);
  }

  #pass(from: Socket, to: Socket, answer: boolean): void {
    // Timers alone would let a later piece overtake an earlier one, which no network does: only the
    // first that is held back may go.
    const held: { readonly chunk: Buffer | string; readonly due: number }[] = [];
    const release = () => {
      for (
        let first = held[0];
        first !== undefined && first.due <= performance.now();
        first = held[0]
      ) {
        held.shift();
        if (to.writable) to.write(first.chunk);
      }
      if (held[0] !== undefined) setTimeout(release, Math.ceil(held[0].due - performance.now()));
    };
    from.on("data", (chunk) => {
      if (!answer && this.#trigger !== undefined && chunk.includes(this.#trigger.text)) {
        const { then } = this.#trigger;
        this.#trigger = undefined;
        then();
      }
      if (this.#dark || this.#silent.has(from) || (answer && this.#swallowing)) return;
      if (this.#delayMs === 0 && held.length === 0) {
        to.write(chunk);
        return;
      }
      held.push({ chunk, due: performance.now() + this.#delayMs });
      if (held.length === 1) release();
    });
  }
}

import { createServer, type Server, type Socket } from "node:net";

const INFO = {
  server_id: "x",
  version: "2.12.0",
  host: "127.0.0.1",
  headers: true,
  jetstream: true,
};
const LIMITS = { max_payload: 1_048_576, proto: 1 };
const STREAM = {
  config: {
    name: "ODORI",
    subjects: ["odori.>"],
    retention: "limits",
    discard: "new",
    storage: "file",
    max_age: 1_000_000_000,
    num_replicas: 1,
  },
  state: { messages: 0 },
};

/**
 * A server that speaks just enough of NATS for a bus to publish. From the message on that contains
 * `end`, it reads nothing more, and ends its half of the connection.
 */
export class HalfClosingNats {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on("connection", (socket) => this.#serve(socket));
  }

  static listen(): Promise<HalfClosingNats> {
    const server = createServer({ allowHalfOpen: true });
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        const port = typeof address === "object" && address !== null ? address.port : 0;
        resolve(new HalfClosingNats(server, port));
      });
    });
  }

  /** Ends its half of each connection, while bytes of the client wait. */
  end(): void {
    for (const socket of this.#sockets) socket.end();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    socket.write(`INFO ${JSON.stringify({ ...INFO, ...LIMITS, port: this.port })}\r\n`);
    let inbox = "";
    let id = "";
    let rest = "";
    let sequence = 0;
    const reply = (to: string, body: object) => {
      const text = JSON.stringify(body);
      socket.write(`MSG ${to} ${id} ${text.length}\r\n${text}\r\n`);
    };
    socket.on("data", (chunk) => {
      rest += chunk.toString("latin1");
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const [verb, subject = "", ...more] = rest.slice(0, end).split(" ");
        const length = verb === "PUB" || verb === "HPUB" ? Number(more.at(-1)) + 2 : 0;
        if (rest.length < end + 2 + length) return;
        const body = rest.slice(end + 2, end + 2 + length);
        rest = rest.slice(end + 2 + length);
        if (verb === "PING") socket.write("PONG\r\n");
        if (verb === "SUB") [inbox, id] = [subject, more.at(-1) ?? ""];
        if (length === 0) continue;
        if (body.includes('"end"')) {
          socket.pause();
          return;
        }
        const [to = inbox] = more;
        reply(to, subject.startsWith("$JS") ? STREAM : { stream: "ODORI", seq: ++sequence });
      }
    });
  }
}

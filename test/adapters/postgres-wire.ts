import { connect, createServer, type Socket } from "node:net";

/**
 * A proxy before a server of Postgres that keeps the types of the messages which clients send, one
 * letter each: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class Wire {
  #seen = "";
  #holdsNext = false;
  #onFailure: (() => void) | undefined;
  readonly #server = createServer();
  readonly #target: number;

  private constructor(target: number) {
    this.#target = target;
  }

  /** Resolves to a wire, and to the URL that leads through it. */
  static async before(url: string): Promise<{ readonly wire: Wire; readonly url: string }> {
    const through = new URL(url);
    const wire = new Wire(Number(through.port));
    through.port = String(await wire.#listen());
    return { wire, url: through.href };
  }

  /** The messages since the last call. */
  take(): string {
    const seen = this.#seen;
    this.#seen = "";
    return seen;
  }

  /** Holds back what the server says behind its next failure, until the client has sent more. */
  holdBehindFailure(): void {
    this.#holdsNext = true;
  }

  /** Holds back its next failure as well. Resolves when there is one. */
  holdFailure(): Promise<void> {
    this.#holdsNext = true;
    return new Promise((resolve) => {
      this.#onFailure = resolve;
    });
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #listen(): Promise<number> {
    this.#server.on("connection", (client) => this.#join(client));
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", () => {
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  }

  #join(client: Socket): void {
    const upstream = connect(this.#target, "127.0.0.1");
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
    let held: Buffer[] | undefined;
    const asked = messages(false, (message) => (this.#seen += typeOf(message)));
    const answered = messages(true, (message) => {
      const holds = this.#holdsNext && typeOf(message) === "E";
      if (holds && this.#onFailure !== undefined) held = [];
      if (held === undefined) client.write(message);
      else held.push(message);
      if (!holds) return;
      this.#holdsNext = false;
      held ??= [];
      this.#onFailure?.();
      this.#onFailure = undefined;
    });
    client.on("data", (chunk: Buffer) => {
      asked(chunk);
      upstream.write(chunk);
      for (const message of held ?? []) client.write(message);
      held = undefined;
    });
    upstream.on("data", answered);
  }
}

const typeOf = (message: Buffer) => message.toString("latin1", 0, 1);

/** Takes bytes, and hands on whole messages. The first one of a client has no type. */
function messages(typed: boolean, then: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let type = typed ? 1 : 0;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= type + 4) {
      const end = type + rest.readUInt32BE(type);
      if (rest.length < end) return;
      const message = rest.subarray(0, end);
      rest = rest.subarray(end);
      if (type === 1) then(message);
      type = 1;
    }
  };
}

import { Duplex } from "node:stream";
import { running } from "./actor.ts";

/** What is needed of PGlite: it answers messages of the Postgres protocol at once. */
export interface ProtocolServer {
  execProtocolRawSync(messages: Uint8Array): Uint8Array;
}

/** A written chunk, as streams pass several at once. */
interface Chunk {
  readonly chunk: Buffer;
}

type Done = (error?: Error | null) => void;

/**
 * Connects a client of `pg` to a server in this process. Replies come within the same turn, so no
 * statement is ever under way while a run decides what happens next.
 */
export class PgliteSocket extends Duplex {
  readonly #server: ProtocolServer;
  readonly #now: () => number;

  /** `now` is the time of the server. */
  constructor(server: ProtocolServer, now: () => number) {
    super();
    this.#server = server;
    this.#now = now;
  }

  connect(): void {
    queueMicrotask(() => this.emit("connect"));
  }

  setNoDelay(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send(chunk, done);
  }

  override _writev(chunks: readonly Chunk[], done: Done): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  #send(messages: Uint8Array, done: Done): void {
    const reply = Buffer.from(running.exit(() => this.#answer(messages)));
    if (reply.length > 0) queueMicrotask(() => this.push(reply));
    done();
  }

  /** The server reads its clock from `Date`, and is done when this returns. */
  #answer(messages: Uint8Array): Uint8Array {
    const { now } = Date;
    Date.now = this.#now;
    try {
      return this.#server.execProtocolRawSync(messages);
    } finally {
      Date.now = now;
    }
  }
}

import { OdoriError } from "../contract/errors.ts";
import { busClosed, busUnavailable } from "../ports/errors.ts";

/** How a bus opens and closes its connection. */
export interface ConnectOnceOptions<C extends NonNullable<unknown>> {
  /** Where the broker is, without credentials: for error messages. */
  readonly place: string;
  /** Opens the connection. The next `use` repeats a failed attempt. */
  readonly open: () => Promise<C>;
  /** Closes what `open` returned. */
  readonly close: (connection: C) => Promise<void>;
  /**
   * Resolves once a connection has ended by itself, for good: the next `use` opens another one.
   * A client that always reconnects needs none.
   */
  readonly ended?: (connection: C) => Promise<unknown>;
  /** Translates an error of the client. An `OdoriError` is passed on as it is. */
  readonly explain: (error: unknown) => unknown;
  /**
   * How long a `use` waits for the broker, in milliseconds. A connection that does not reply for
   * that long is closed, and the next `use` opens another one.
   *
   * @default 30_000
   */
  readonly replyMs?: number;
}

const REPLY_MS = 30_000;

/**
 * The connection of a bus: the first `use` opens it, all share it, `close` closes it once. A
 * connection without a reply is replaced.
 */
export class LazyConnection<C extends NonNullable<unknown>> {
  readonly #options: ConnectOnceOptions<C>;
  #opened: Promise<C> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ConnectOnceOptions<C>) {
    this.#options = options;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Runs `work` on the connection, and opens it first if necessary. Rejects with `BUS_CLOSED` once
   * the bus is closed, with `BUS_UNAVAILABLE` after `replyMs` without a reply, else with what
   * `explain` returns.
   */
  async use<T>(work: (connection: C) => Promise<T>, replyMs?: number): Promise<T> {
    const { place, explain } = this.#options;
    if (this.closed) throw busClosed(place);
    const opened = this.#open();
    try {
      return await this.#replied(opened, opened.then(work), replyMs);
    } catch (error) {
      if (error instanceof OdoriError) throw error;
      throw this.closed ? busClosed(place) : explain(error);
    }
  }

  /** Closes the connection, if there is one. Later calls return the same promise. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #open(): Promise<C> {
    if (this.#opened !== undefined) return this.#opened;
    const { open, ended } = this.#options;
    const forget = () => {
      if (this.#opened === opened) this.#opened = undefined;
    };
    const opened = open().catch((error: unknown) => {
      forget();
      throw error;
    });
    this.#opened = opened;
    if (ended !== undefined) opened.then(ended).then(forget, () => {});
    return opened;
  }

  /** Settles as `work` does. Without a reply in time, the connection is replaced. */
  #replied<T>(
    opened: Promise<C>,
    work: Promise<T>,
    replyMs = this.#options.replyMs ?? REPLY_MS,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#discard(opened);
        reject(busUnavailable(this.#options.place, new Error(`no reply within ${replyMs} ms`)));
      }, replyMs);
      work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  #discard(opened: Promise<C>): void {
    if (this.#opened !== opened) return;
    this.#opened = undefined;
    // It may not even reply to its end: the next connection does not wait for that.
    opened.then(this.#options.close).catch(() => {});
  }

  async #close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    if (opened !== undefined) await this.#options.close(opened);
  }
}

/**
 * Gives a bus its lifecycle: connect lazily and once, refuse after `close`, translate errors.
 *
 * @example
 * ```ts
 * import { connect } from "node:net";
 * import { busUnavailable, connectOnce } from "odori/adapter";
 *
 * const connection = connectOnce({
 *   place: "localhost:4222",
 *   open: async () => connect(4222, "localhost"),
 *   close: async (socket) => void socket.destroy(),
 *   explain: (error) => busUnavailable("localhost:4222", error),
 * });
 * await connection.use(async (socket) => socket.write("PING\r\n"));
 * ```
 */
export function connectOnce<C extends NonNullable<unknown>>(
  options: ConnectOnceOptions<C>,
): LazyConnection<C> {
  return new LazyConnection(options);
}

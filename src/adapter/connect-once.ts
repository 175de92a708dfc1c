import { OdoriError } from "../contract/errors.ts";
import { busClosed } from "../ports/errors.ts";

/** How a bus opens and closes its connection. */
export interface ConnectOnceOptions<C extends NonNullable<unknown>> {
  /** Where the broker is, without credentials: for error messages. */
  readonly place: string;
  /** Opens the connection. The next `use` repeats a failed attempt. */
  readonly open: () => Promise<C>;
  /** Closes what `open` returned. */
  readonly close: (connection: C) => Promise<void>;
  /** Translates an error of the client. An `OdoriError` is passed on as it is. */
  readonly explain: (error: unknown) => unknown;
}

/** The connection of a bus: the first `use` opens it, all share it, `close` closes it once. */
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
   * the bus is closed, else with what `explain` returns.
   */
  async use<T>(work: (connection: C) => Promise<T>): Promise<T> {
    const { place, explain } = this.#options;
    if (this.closed) throw busClosed(place);
    try {
      return await work(await this.#open());
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
    this.#opened ??= this.#options.open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
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

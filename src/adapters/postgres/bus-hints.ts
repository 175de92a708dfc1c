import pg from "pg";

const LISTEN_AGAIN_MS = 1_000;
/** Postgres accepts 8,000 bytes with a notification; types are ASCII. */
const HINT_MAX_CHARS = 7_000;

/**
 * Tells members in other processes that events of some types were published, through LISTEN and
 * NOTIFY. A lost hint costs only time: members also poll.
 */
export class Hints {
  readonly #pool: pg.Pool;
  /** The schema's name in quotes, which is also the name of the channel. */
  readonly #schema: string;
  readonly #wake: (types: readonly string[] | undefined) => void;
  #listener: pg.Client | undefined;
  #sending: Promise<unknown> | undefined;
  /** Types that were published and not yet announced. */
  #types = new Set<string>();
  #closed = false;

  /** `wake` gets the types that were published; undefined where the hint does not name them. */
  constructor(pool: pg.Pool, schema: string, wake: (types: readonly string[] | undefined) => void) {
    this.#pool = pool;
    this.#schema = schema;
    this.#wake = wake;
  }

  async listen(): Promise<void> {
    await this.#listen().catch(() => this.#listenLater());
  }

  /**
   * Announces events of some types after their commit: NOTIFY inside a transaction takes a lock of
   * the whole cluster. While one announcement is sent, the next ones are collected.
   */
  send(types: readonly string[]): void {
    for (const type of types) this.#types.add(type);
    this.#sending ??= this.#sendAll();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#listener?.end().catch(() => {});
  }

  async #sendAll(): Promise<void> {
    while (this.#types.size > 0 && !this.#closed) {
      const types = JSON.stringify([...this.#types]);
      this.#types = new Set();
      const channel = this.#schema.slice(1, -1);
      const values = [channel, types.length > HINT_MAX_CHARS ? "" : types];
      await this.#pool.query("SELECT pg_notify($1, $2)", values).catch(() => {});
    }
    this.#sending = undefined;
  }

  async #listen(): Promise<void> {
    const listener = new pg.Client(this.#pool.options);
    listener.on("error", () => {});
    listener.on("notification", ({ payload }) => this.#wake(typesOf(payload)));
    try {
      await listener.connect();
      await listener.query(`LISTEN ${this.#schema}`);
      if (this.#closed) throw new Error("the bus was closed meanwhile");
    } catch (error) {
      // A standby takes the connection and refuses to listen: it must not stay open.
      listener.end().catch(() => {});
      throw error;
    }
    listener.once("end", () => this.#listenLater());
    this.#listener = listener;
  }

  #listenLater(): void {
    if (this.#closed) return;
    setTimeout(() => {
      if (!this.#closed) this.#listen().catch(() => this.#listenLater());
    }, LISTEN_AGAIN_MS).unref();
  }
}

/** The types that a hint names; undefined if it names none, such as one sent with `psql`. */
function typesOf(payload: string | undefined): readonly string[] | undefined {
  try {
    const types: unknown = JSON.parse(payload ?? "");
    return Array.isArray(types) ? types.filter((type) => typeof type === "string") : undefined;
  } catch {
    return undefined;
  }
}

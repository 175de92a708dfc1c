import pg from "pg";
import { encodeStored } from "../../cloudevents/json.ts";
import { checkAttribute, type EventEnvelope } from "../../contract/envelope.ts";
import { OdoriError } from "../../contract/errors.ts";
import type {
  Bus,
  BusGuarantees,
  Deliver,
  SubscribeOptions,
  Subscription,
} from "../../ports/bus.ts";
import { busClosed, busUnavailable } from "../../ports/errors.ts";
import { PostgresMember } from "./bus-member.ts";
import { BUS_TABLES } from "./bus-schema.ts";
import { explain } from "./errors.ts";
import { type PostgresOptions, placeOf, poolOf, schemaOf } from "./options.ts";
import { ensureSchema } from "./schema.ts";

export interface PostgresBusOptions extends PostgresOptions {
  /** The schema of the bus, which all services of a choreography share. Default `odori_bus`. */
  readonly schema?: string;
  /** After so long without a sign of life, a member's deliveries go to others. Default 5,000. */
  readonly leaseMs?: number;
}

/** Who owns the tables: no service can have that name. */
const OWNER = "(bus)";
const LISTEN_AGAIN_MS = 1_000;
/** Postgres takes 8,000 bytes with a notification; types are ASCII. */
const HINT_MAX_CHARS = 7_000;

/**
 * A Postgres database as the bus, for teams that have no broker: durable, without order, at the
 * price of a row for each event and group.
 */
export class PostgresBus implements Bus {
  readonly guarantees: BusGuarantees = { order: "none", durable: true };
  readonly #options: PostgresBusOptions;
  readonly #schema: string;
  readonly #place: string;
  readonly #members = new Set<PostgresMember>();
  #pool: Promise<pg.Pool> | undefined;
  #listener: pg.Client | undefined;
  #hinting: Promise<unknown> | undefined;
  /** Types of which is still to be said that they were published. */
  #hints = new Set<string>();
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(options: PostgresBusOptions) {
    this.#options = {
      ...options,
      schema: options.schema ?? "odori_bus",
      connectionsMax: options.connectionsMax ?? 8,
    };
    this.#schema = schemaOf(this.#options);
    this.#place = placeOf(options);
  }

  async publish(events: readonly EventEnvelope[]): Promise<void> {
    if (this.#closed) throw busClosed(this.#place);
    if (events.length === 0) return;
    for (const { type } of events) checkAttribute("type", type);
    try {
      const pool = await this.#connected();
      const { rows } = await pool.query<{ publish: string }>({
        name: `odori_publish_${this.#schema}`.slice(0, 63),
        text: `SELECT ${this.#schema}.publish($1::text::json)`,
        values: [encodeStored(events)],
      });
      if (Number(rows[0]?.publish) > 0) this.#hint(events);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    if (this.#closed) throw busClosed(this.#place);
    try {
      const pool = await this.#connected();
      const heard = `INSERT INTO ${this.#schema}.subscription (group_name, type) SELECT $1, json_array_elements_text($2::text::json) ON CONFLICT DO NOTHING`;
      await pool.query(heard, [options.group, JSON.stringify(options.topics)]);
      const member = new PostgresMember(pool, {
        schema: this.#schema,
        leaseMs: this.#options.leaseMs ?? 5_000,
        options,
        deliver,
      });
      await member.start();
      this.#members.add(member);
      return { close: () => member.close().finally(() => this.#members.delete(member)) };
    } catch (error) {
      throw this.#explain(error);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    for (const member of this.#members) member.abandon();
    await this.#listener?.end().catch(() => {});
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.end();
  }

  /**
   * Wakes whoever listens, after the commit and apart from it: NOTIFY within would take a lock of
   * the whole cluster. One under way stands for all that come meanwhile.
   */
  #hint(events: readonly EventEnvelope[]): void {
    for (const { type } of events) this.#hints.add(type);
    this.#hinting ??= this.#hintAll();
  }

  async #hintAll(): Promise<void> {
    while (this.#hints.size > 0 && !this.#closed) {
      const types = JSON.stringify([...this.#hints]);
      this.#hints = new Set();
      // A hint that is lost is made up for by polling.
      const values = [this.#schema.slice(1, -1), types.length > HINT_MAX_CHARS ? "" : types];
      await this.#pool
        ?.then((pool) => pool.query("SELECT pg_notify($1, $2)", values))
        .catch(() => {});
    }
    this.#hinting = undefined;
  }

  #connected(): Promise<pg.Pool> {
    this.#pool ??= this.#connect().catch((error: unknown) => {
      this.#pool = undefined;
      throw error;
    });
    return this.#pool;
  }

  async #connect(): Promise<pg.Pool> {
    const pool = poolOf(this.#options);
    try {
      await ensureSchema(pool, OWNER, this.#options, BUS_TABLES);
    } catch (error) {
      await pool.end();
      throw error;
    }
    await this.#listen(pool).catch(() => this.#listenLater(pool));
    return pool;
  }

  async #listen(pool: pg.Pool): Promise<void> {
    const listener = new pg.Client(pool.options);
    listener.on("error", () => {});
    listener.on("notification", ({ payload }) => {
      const types = typesOf(payload);
      for (const member of this.#members) if (member.hears(types)) member.wake();
    });
    await listener.connect();
    await listener.query(`LISTEN ${this.#schema}`);
    listener.once("end", () => this.#listenLater(pool));
    this.#listener = listener;
  }

  #listenLater(pool: pg.Pool): void {
    if (this.#closed) return;
    setTimeout(() => {
      if (!this.#closed) this.#listen(pool).catch(() => this.#listenLater(pool));
    }, LISTEN_AGAIN_MS).unref();
  }

  #explain(error: unknown): unknown {
    if (this.#closed) return busClosed(this.#place);
    const explained = explain(error, this.#place);
    return explained instanceof OdoriError && !explained.code.startsWith("STORE_UNAV")
      ? explained
      : busUnavailable(this.#place, explained);
  }
}

/** What a hint says was published; undefined where it does not say, as one from `psql`. */
function typesOf(payload: string | undefined): readonly string[] | undefined {
  try {
    const types: unknown = JSON.parse(payload ?? "");
    return Array.isArray(types) ? types.filter((type) => typeof type === "string") : undefined;
  } catch {
    return undefined;
  }
}

/** A bus in a schema of a Postgres server: `postgresBus("postgres://…")`, or with options. */
export function postgresBus(options: string | PostgresBusOptions = {}): PostgresBus {
  return new PostgresBus(typeof options === "string" ? { connectionString: options } : options);
}

import type pg from "pg";
import { connectOnce, type LazyConnection } from "../../adapter/connect-once.ts";
import { publishResults, refusal } from "../../adapter/publish-results.ts";
import { encodeJson } from "../../cloudevents/json.ts";
import { checkAttribute, type EventEnvelope } from "../../contract/envelope.ts";
import { OdoriError } from "../../contract/errors.ts";
import {
  ACCEPTED,
  type Bus,
  type BusGuarantees,
  type Deliver,
  type PublishResult,
  type SubscribeOptions,
  type Subscription,
} from "../../ports/bus.ts";
import { busRefused, busUnavailable } from "../../ports/errors.ts";
import { Hints } from "./bus-hints.ts";
import { PostgresMember } from "./bus-member.ts";
import { BUS_OWNER, BUS_SCHEMA, BUS_TABLES } from "./bus-schema.ts";
import { explain, sqlState } from "./errors.ts";
import { type PostgresOptions, placeOf, poolOf, schemaOf } from "./options.ts";
import { ensureSchema } from "./schema.ts";

/** Options of `postgresBus`. */
export interface PostgresBusOptions extends PostgresOptions {
  /**
   * The schema of the bus, which all services of a choreography share.
   *
   * @default "odori_bus"
   */
  readonly schema?: string;
  /**
   * A member that is silent for this long loses its deliveries to other members, in milliseconds.
   *
   * @default 5000
   */
  readonly leaseMs?: number;
}

interface Link {
  readonly pool: pg.Pool;
  readonly hints: Hints;
}

/**
 * A Postgres database as the bus, for teams without a broker: durable, without order. It writes one
 * row for each event and group.
 */
export class PostgresBus implements Bus {
  readonly guarantees: BusGuarantees = { order: "none", durable: true };
  readonly #options: PostgresBusOptions;
  readonly #schema: string;
  readonly #place: string;
  readonly #members = new Set<PostgresMember>();
  readonly #link: LazyConnection<Link>;

  constructor(options: PostgresBusOptions) {
    this.#options = {
      ...options,
      schema: options.schema ?? BUS_SCHEMA,
      connectionsMax: options.connectionsMax ?? 8,
    };
    this.#schema = schemaOf(this.#options);
    this.#place = placeOf(options);
    this.#link = connectOnce({
      place: this.#place,
      open: () => this.#connect(),
      close: async ({ pool, hints }) => {
        for (const member of this.#members) member.abandon();
        await hints.close();
        await pool.end();
      },
      explain: (error) => this.#explain(error),
    });
  }

  publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    return this.#link.use(async (link) => {
      const results = events.map(({ type }) => checked(type));
      const sound = events.filter((_, i) => results[i]?.accepted);
      if (sound.length === 0) return results;
      const insert = (some: readonly EventEnvelope[]) => this.#insert(link, some);
      try {
        await insert(sound);
        return results;
      } catch (error) {
        if (!isEventsFault(error)) throw error;
        // One statement inserts all or none: then the server has to say which one it refuses.
        const sent = await Promise.allSettled(sound.map((event) => insert([event])));
        const each = publishResults(sent, (one) => this.#explain(one));
        const rest = each.values();
        return results.map((result) => (result.accepted ? (rest.next().value ?? result) : result));
      }
    });
  }

  subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    return this.#link.use(async ({ pool }) => {
      const heard = `INSERT INTO ${this.#schema}.subscription (group_name, type)
        SELECT $1, json_array_elements_text($2::text::json) ON CONFLICT DO NOTHING`;
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
    });
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #insert({ pool, hints }: Link, events: readonly EventEnvelope[]): Promise<void> {
    const { rows } = await pool.query<{ publish: string }>({
      name: `odori_publish_${this.#schema}`.slice(0, 63),
      // Each type beside its text: Postgres reads no member of JSON that has an escape of U+0000 or
      // of a lone surrogate anywhere, and would refuse an event that every other bus carries.
      text: `WITH sent AS (INSERT INTO ${this.#schema}.delivery (group_name, type, body)
          SELECT s.group_name, e.type, e.body
          FROM unnest($1::text[], $2::text[]) AS e(type, body)
          JOIN ${this.#schema}.subscription s ON s.type = e.type RETURNING 1)
        SELECT count(*) AS publish FROM sent`,
      values: [events.map(({ type }) => type), events.map(encodeJson)],
    });
    if (Number(rows[0]?.publish) > 0) hints.send(events);
  }

  async #connect(): Promise<Link> {
    const pool = poolOf(this.#options);
    try {
      await ensureSchema(pool, BUS_OWNER, this.#options, BUS_TABLES);
    } catch (error) {
      await pool.end();
      throw this.#explain(error);
    }
    const hints = new Hints(pool, this.#schema, (types) => {
      for (const member of this.#members) if (member.hears(types)) member.wake();
    });
    await hints.listen();
    return { pool, hints };
  }

  #explain(error: unknown): OdoriError {
    if (isEventsFault(error)) return busRefused(this.#place, error);
    const explained = explain(error, this.#place);
    return explained instanceof OdoriError && explained.code !== "STORE_UNAVAILABLE"
      ? explained
      : busUnavailable(this.#place, explained);
  }
}

function checked(type: string): PublishResult {
  try {
    checkAttribute("type", type);
    return ACCEPTED;
  } catch (error) {
    return refusal(error);
  }
}

/** Whether the server refuses the statement because of its values: a data error, or a limit. */
function isEventsFault(error: unknown): boolean {
  return /^(22|54)/.test(sqlState(error) ?? "");
}

/**
 * A bus in a schema of a Postgres server: durable, without order. It connects with the first use,
 * and creates the tables that are missing.
 *
 * Throws `OPTION_INVALID` for an invalid schema. `publish` and `subscribe` reject with
 * `BUS_UNAVAILABLE`, `STORE_FORBIDDEN` or `BUS_CLOSED`.
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { postgres, postgresBus } from "odori/postgres";
 * import { orderPg } from "./services.ts";
 *
 * const url = "postgres://localhost/shop";
 * const app = await start(orderPg, { store: postgres(url), bus: postgresBus(url) });
 * ```
 */
export function postgresBus(options: string | PostgresBusOptions = {}): PostgresBus {
  return new PostgresBus(typeof options === "string" ? { connectionString: options } : options);
}

import type pg from "pg";
import { connectOnce, type LazyConnection } from "../../adapter/connect-once.ts";
import { publishResults, refusal } from "../../adapter/publish-results.ts";
import { encodeJson } from "../../cloudevents/json.ts";
import {
  type Packing,
  type Parcel,
  packingFrom,
  sendInParcels,
} from "../../cloudevents/parcels.ts";
import { checkAttribute, type EventEnvelope } from "../../contract/envelope.ts";
import { OdoriError } from "../../contract/errors.ts";
import {
  ACCEPTED,
  BACKLOG_COUNTED,
  type Bus,
  type BusGuarantees,
  type Deliver,
  type PublishResult,
  type SubscribeOptions,
  type Subscription,
} from "../../ports/bus.ts";
import {
  busClosed,
  busForbidden,
  busMissing,
  busRefused,
  busUnavailable,
} from "../../ports/errors.ts";
import { isEventsFault, isGone } from "./bus-faults.ts";
import { Hints } from "./bus-hints.ts";
import { Legacy } from "./bus-legacy.ts";
import { PostgresMember } from "./bus-member.ts";
import {
  type Hold,
  holdsOf,
  moveIn,
  moveOut,
  type NewRow,
  neighbourhoodOf,
} from "./bus-neighbours.ts";
import { BUS_OWNER, BUS_SCHEMA, BUS_TABLES } from "./bus-schema.ts";
import { explain, isAnswered, isForbidden } from "./errors.ts";
import type { SqlRow } from "./native.ts";
import { endAll, type PostgresOptions, placeOf, poolOf, schemaOf } from "./options.ts";
import { mayPrepare } from "./pooler.ts";
import { Presence, type PresenceValues } from "./presence.ts";
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
   * A process that is silent for this long loses its deliveries to others, in milliseconds. One
   * that has died loses them sooner: the server frees the lock of its session.
   *
   * @default 15000
   */
  readonly leaseMs?: number;
  /**
   * `"batch"`: events of one type that are published together share a row for each group. That
   * costs less, and every service reads it that runs this version or a later one.
   *
   * @default "binary": each event is a row
   */
  readonly mode?: "binary" | "batch";
  /**
   * Types whose events are one row each in spite of `mode`, such as those that a service without
   * Odori reads.
   *
   * @default []
   */
  readonly single?: readonly string[];
}

interface Link {
  readonly pool: pg.Pool;
  readonly hints: Hints;
  readonly presence: Presence;
  readonly members: Set<PostgresMember>;
  /** Names the bus among those of this process. */
  readonly neighbourhood: string;
  /** Whether rows may be handed to members of this process. */
  hands: boolean;
  /** Whether it is replaced: it had no reply, or the bus is closed. */
  closed: boolean;
}

/** Rows of one type that were inserted, and have one holder. */
interface Inserted {
  readonly type: string;
  readonly holder: string | null;
  readonly seqs: readonly number[];
}

/** How long the server may take to reply, in milliseconds. */
const REPLY_MS = 15_000;
const CHECK_MS = 4_000;
/** As of a store, so that what is said of dead processes holds for both. */
const LEASE_MS = 15_000;
/** How long members may take to leave when the bus is closed with deliveries in flight. */
const LEAVE_MS = 1_000;

const INSERTED: PromiseFulfilledResult<void> = { status: "fulfilled", value: undefined };

/**
 * A Postgres database as the bus, for teams without a broker: durable, without order. It writes one
 * row for each event, or batch of events, and group. What no group hears is kept for a week, for
 * the first group that subscribes to its type.
 */
export class PostgresBus implements Bus {
  readonly guarantees: BusGuarantees = { order: "none", durable: true };
  readonly #options: PostgresBusOptions;
  readonly #schema: string;
  readonly #packing: Packing;
  /** Where the broker is, without credentials. */
  readonly place: string;
  readonly #link: LazyConnection<Link>;
  /** By group: over connections that are replaced. */
  readonly #legacies = new Map<string, Legacy>();

  constructor(options: PostgresBusOptions) {
    this.#options = {
      ...options,
      schema: options.schema ?? BUS_SCHEMA,
      connectionsMax: options.connectionsMax ?? 8,
    };
    this.#schema = schemaOf(this.#options);
    this.#packing = packingFrom(options);
    this.place = placeOf(options);
    this.#link = connectOnce({
      place: this.place,
      open: () => this.#connect(),
      close: async (link) => {
        link.closed = true;
        const { pool, hints, presence, members, neighbourhood } = link;
        const left = [...members].map((member) => {
          moveOut(neighbourhood, member);
          return member.abandon(busClosed(this.place));
        });
        await within(LEAVE_MS, Promise.all(left));
        await Promise.all([
          presence.close(),
          endAll(pool, () => Promise.all([hints.close(), pool.end()])),
        ]);
      },
      explain: (error) => this.#explain(error),
      replyMs: REPLY_MS,
    });
  }

  publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    return this.#link.use(async (link) => {
      const results = events.map(({ type }) => checked(type));
      const sound = events.filter((_, i) => results[i]?.accepted);
      if (sound.length === 0) return results;
      const explained = (error: unknown) => this.#explain(error);
      const insert = (parcels: readonly Parcel[]) => this.#insertAll(link, parcels);
      const sent = await sendInParcels(sound, this.#packing, insert, explained);
      const rest = publishResults(sent, explained).values();
      return results.map((result) => (result.accepted ? (rest.next().value ?? result) : result));
    });
  }

  async #insertAll(
    link: Link,
    parcels: readonly Parcel[],
  ): Promise<readonly PromiseSettledResult<void>[]> {
    const rows = parcels.map((parcel) => ({
      type: parcel.type,
      body: parcel.batch ?? encodeJson(parcel.event),
    }));
    const holds = link.hands ? holdsOf(link.neighbourhood, rows) : [];
    try {
      await this.#insert(link, rows, holds);
      return parcels.map(() => INSERTED);
    } catch (error) {
      // A role that may not see the rows of other groups is not told of any.
      if (holds.length > 0 && isForbidden(error)) {
        link.hands = false;
        return this.#insertAll(link, parcels);
      }
      // The next attempt finds the tables again; the events wait for their groups.
      if (isGone(error)) await ensureSchema(link.pool, BUS_OWNER, this.#options, BUS_TABLES);
      // The role may lack the permission for one type alone.
      if (!isEventsFault(error) && !isForbidden(error)) throw error;
      // One statement inserts all or none: then the server has to say which one it refuses.
      return Promise.allSettled(rows.map((row) => this.#insert(link, [row], [])));
    }
  }

  subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    const { group, topics, onLost = () => {} } = options;
    return this.#link.use(async (link) => {
      const { pool, presence, members, neighbourhood } = link;
      await ensureSchema(pool, BUS_OWNER, this.#options, BUS_TABLES);
      const subscribe = `SELECT ${this.#schema}.subscribe($1, $2::text::json)`;
      await pool.query(subscribe, [group, JSON.stringify(topics)]);
      const member = new PostgresMember(pool, {
        schema: this.#schema,
        leaseMs: this.#options.leaseMs ?? LEASE_MS,
        presence,
        legacy: this.#legacyOf(group),
        prepare: () => mayPrepare(pool, this.#options),
        options,
        deliver,
        onLost: (error) => onLost(this.#explain(error)),
      });
      try {
        await member.start();
        if (link.closed) throw busUnavailable(this.place, new Error("the connection was replaced"));
      } catch (error) {
        // It may be known to the others, and has what was left to it.
        void member.close();
        throw error;
      }
      members.add(member);
      moveIn(neighbourhood, member);
      return {
        check: () => this.#check(options),
        backlog: () => this.#backlog(options),
        redelivered: () => member.redelivered,
        close: () => {
          moveOut(neighbourhood, member);
          return member.close().finally(() => members.delete(member));
        },
      };
    });
  }

  #legacyOf(group: string): Legacy {
    const legacy = this.#legacies.get(group) ?? new Legacy();
    this.#legacies.set(group, legacy);
    return legacy;
  }

  /** The tables, or the group's subscriptions, may be gone; or the server does not reply. */
  #check({ group, topics }: SubscribeOptions): Promise<void> {
    return this.#link.use(async (link) => {
      const row = await ask(
        link,
        `SELECT count(*) AS found FROM ${this.#schema}.subscription
          WHERE group_name = $1 AND type IN (SELECT json_array_elements_text($2::text::json))`,
        [group, JSON.stringify(topics)],
      );
      const missing = topics.length - Number(row?.found);
      if (missing > 0)
        throw busMissing(this.place, new Error(`${missing} subscriptions of ${group}`));
    }, CHECK_MS);
  }

  #backlog({ group, topics }: SubscribeOptions): Promise<number> {
    return this.#link.use(async (link) => {
      const row = await ask(
        link,
        `SELECT ${this.#schema}.backlog($1, $2::text::json, $3::int) AS left`,
        [group, JSON.stringify(topics), BACKLOG_COUNTED],
      );
      return Number(row?.left);
    }, CHECK_MS);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #insert(link: Link, rows: readonly NewRow[], holds: readonly Hold[]): Promise<void> {
    const waiting = new Set<string>();
    const inserted = new Map<Hold, readonly number[]>();
    try {
      for (const { type, holder, seqs } of await this.#send(link, rows, holds)) {
        const hold = holds.find((one) => one.type === type && one.owner === holder);
        if (hold === undefined) waiting.add(type);
        else inserted.set(hold, seqs);
      }
    } catch (error) {
      for (const hold of holds) hold.member.letGo(hold, isAnswered(error));
      throw error;
    }
    for (const hold of holds) hold.member.handOver(hold, inserted.get(hold) ?? []);
    if (waiting.size > 0) link.hints.send([...waiting]);
  }

  /** Returns which rows of each type have which holder; null: they wait for any member. */
  async #send(
    { pool }: Link,
    rows: readonly NewRow[],
    holds: readonly Hold[],
  ): Promise<readonly Inserted[]> {
    // Each type beside its text: Postgres reads no member of JSON that has an escape of U+0000 or
    // of a lone surrogate anywhere, and would refuse an event that every other bus carries.
    const values: unknown[] = [rows.map(({ type }) => type), rows.map(({ body }) => body)];
    const named = (name: string) =>
      mayPrepare(pool, this.#options) ? { name: `${name}_${this.#schema}`.slice(0, 63) } : {};
    if (holds.length === 0) {
      const text = `SELECT ${this.#schema}.send($1::text[], $2::text[])`;
      const sent = await pool.query<{ send: string }>({ ...named("odori_publish"), text, values });
      const count = Number(sent.rows[0]?.send);
      return count > 0 ? rows.map(({ type }) => ({ type, holder: null, seqs: [] })) : [];
    }
    const asked = holds.map(({ owner, group, type, bodies }) => ({
      ...{ owner, name: group, type, most: bodies.length },
    }));
    const { rows: found } = await pool.query<Inserted>({
      ...named("odori_hand"),
      text: `SELECT * FROM ${this.#schema}.hand($1::text[], $2::text[], $3::text::json)`,
      values: [...values, JSON.stringify(asked)],
    });
    return found.map((row) => ({ ...row, seqs: row.seqs.map(Number) }));
  }

  async #connect(): Promise<Link> {
    const pool = poolOf(this.#options);
    try {
      await ensureSchema(pool, BUS_OWNER, this.#options, BUS_TABLES);
    } catch (error) {
      await pool.end();
      throw this.#explain(error);
    }
    const members = new Set<PostgresMember>();
    const hints = new Hints(pool, this.#schema, (types) => {
      for (const member of members) if (member.hears(types)) member.wake();
    });
    await hints.listen();
    const presence = new Presence(this.#options, () => {
      for (const member of members) member.beat();
    });
    const neighbourhood = neighbourhoodOf(pool, this.#schema);
    return { pool, hints, presence, members, neighbourhood, hands: true, closed: false };
  }

  #explain(error: unknown): OdoriError {
    if (isEventsFault(error)) return busRefused(this.place, error);
    if (isGone(error)) return busMissing(this.place, error);
    if (isForbidden(error)) return busForbidden(this.place, error);
    const explained = explain(error, this.place);
    return explained instanceof OdoriError && explained.code !== "STORE_UNAVAILABLE"
      ? explained
      : busUnavailable(this.place, explained);
  }
}

/** Waits for `work`, and for no longer than that. */
function within(limitMs: number, work: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Over the connection past the pool: where all others are in use, the bus is not away. */
async function ask(
  { presence, pool }: Link,
  text: string,
  values: PresenceValues,
): Promise<SqlRow | undefined> {
  if (presence.isConnected) return (await presence.run(text, values))[0];
  return (await pool.query<SqlRow>(text, [...values])).rows[0];
}

function checked(type: string): PublishResult {
  try {
    checkAttribute("type", type);
    return ACCEPTED;
  } catch (error) {
    return refusal(error);
  }
}

/**
 * A bus in a schema of a Postgres server: durable, without order. It connects with the first use,
 * and creates the tables that are missing.
 *
 * Throws `OPTION_INVALID` for an invalid schema. `publish` and `subscribe` reject with
 * `BUS_UNAVAILABLE`, `BUS_FORBIDDEN`, `STORE_FORBIDDEN` or `BUS_CLOSED`.
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

import { randomUUID } from "node:crypto";
import type pg from "pg";
import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import { deliverAll } from "../../adapter/deliver-all.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import { readJson } from "../../cloudevents/message.ts";
import { eventsOfBatch } from "../../cloudevents/messages.ts";
import type { Deliver, Incoming, SubscribeOptions } from "../../ports/bus.ts";

/** What a member needs besides its pool. */
export interface MemberParts {
  /** The schema's name in quotes. */
  readonly schema: string;
  readonly leaseMs: number;
  readonly options: SubscribeOptions;
  readonly deliver: Deliver;
  /** Whether statements may be prepared by name. */
  prepare(): boolean;
  /** Called once, if the member can get no more messages. */
  onLost(error: unknown): void;
}

/** Poll interval, for hints that are lost. */
const POLL_MS = 500;

/**
 * One member of a group. One statement acknowledges and rejects the deliveries that were settled,
 * and takes deliveries that no live member holds.
 */
export class PostgresMember {
  readonly #pool: pg.Pool;
  readonly #parts: MemberParts;
  readonly #cycle: { readonly name: string; readonly text: string };
  #acknowledged: number[] = [];
  #rejected: { readonly seq: number; readonly delay: number }[] = [];
  #owner = randomUUID();
  readonly #semaphore: Semaphore;
  /** Events, begun or not, of the rows that it has. */
  #inFlight = 0;
  /** Events of a row, as the last rows had. */
  #perRow = 1;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #closing: Promise<void> | undefined;
  #abandoned = false;
  #lost = false;
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  #woken = false;

  constructor(pool: pg.Pool, parts: MemberParts) {
    this.#pool = pool;
    this.#parts = parts;
    this.#semaphore = new Semaphore(parts.options.inFlightMax);
    const { schema } = parts;
    this.#cycle = {
      name: `odori_cycle_${schema}`.slice(0, 63),
      // Neither needs to survive a power failure: the inbox recognises a repeated delivery. Who
      // lives is a list: NOT EXISTS becomes a join, which is not looked up again for a row that
      // another member has taken in the meantime.
      text: `WITH clock AS MATERIALIZED (
          SELECT ${schema}.now_ms() AS t, set_config('synchronous_commit', 'off', true)),
        live AS MATERIALIZED (SELECT coalesce(array_agg(owner), '{}') AS owners
          FROM ${schema}.member, clock WHERE expires_at > clock.t),
        acknowledged AS (DELETE FROM ${schema}.delivery WHERE seq = ANY (ARRAY(
          SELECT value::bigint FROM json_array_elements_text($1::text::json)))),
        rejected AS (UPDATE ${schema}.delivery AS d
          SET holder = NULL, failures = failures + 1, due_at = clock.t + r.delay
          FROM clock, json_to_recordset($2::text::json) AS r(seq bigint, delay bigint)
          WHERE d.seq = r.seq AND d.holder = $3)
        UPDATE ${schema}.delivery SET holder = $3 WHERE seq = ANY (ARRAY(
          SELECT seq FROM ${schema}.delivery d, clock
          WHERE d.group_name = $4 AND d.due_at <= clock.t
            AND d.type IN (SELECT json_array_elements_text($5::text::json))
            AND (d.holder IS NULL OR d.holder <> ALL ((SELECT owners FROM live)::text[]))
          ORDER BY seq LIMIT $6::int FOR UPDATE OF d SKIP LOCKED))
        RETURNING seq, type, body, failures`,
    };
  }

  /** Resolves once other members know this one; from then on it takes deliveries. */
  async start(): Promise<void> {
    await this.#renew();
    this.#running = this.#run();
  }

  /** Whether this member hears one of these types; true for undefined, which means any type. */
  hears(types: readonly string[] | undefined): boolean {
    return types === undefined || this.#parts.options.topics.some((topic) => types.includes(topic));
  }

  /** Looks for deliveries now instead of after the poll interval. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Waits for the deliveries in flight, and acknowledges or rejects them. */
  close(): Promise<void> {
    this.#closing ??= this.#leave();
    this.wake();
    return this.#closing;
  }

  /** Stops at once. Another member gets what was not acknowledged. */
  abandon(error: unknown): void {
    this.#lose(error);
    this.#abandoned = true;
    this.wake();
  }

  async #leave(): Promise<void> {
    await this.#running;
    if (!this.#abandoned)
      await this.#pool
        .query(`DELETE FROM ${this.#parts.schema}.member WHERE owner = $1`, [this.#owner])
        .catch(() => {});
  }

  async #run(): Promise<void> {
    const { inFlightMax } = this.#parts.options;
    while (!this.#abandoned) {
      if (
        this.#closing !== undefined &&
        this.#inFlight + this.#acknowledged.length + this.#rejected.length === 0
      )
        return;
      const takes = this.#closing === undefined && !this.#lost;
      const room = takes ? Math.ceil((inFlightMax - this.#inFlight) / this.#perRow) : 0;
      this.#woken = false;
      const taken = await this.#turn(Math.max(0, room));
      // A member that leaves does not wait for an unavailable database: unacknowledged deliveries
      // are repeated, and the inbox recognises them.
      if (taken === undefined && this.#closing !== undefined && this.#inFlight === 0) return;
      // If it took all it had room for, there may be more.
      if (taken === undefined || taken < room || room <= 0) await this.#sleep();
    }
  }

  /** Returns how many rows it took; undefined if the database is unavailable. */
  async #turn(room: number): Promise<number | undefined> {
    const acknowledged = this.#acknowledged;
    const rejected = this.#rejected;
    this.#acknowledged = [];
    this.#rejected = [];
    const { options } = this.#parts;
    try {
      // Also without room: another member would take what this one has in flight.
      if (performance.now() - this.#renewedAt > this.#parts.leaseMs / 4) await this.#renew();
      if (room === 0 && acknowledged.length + rejected.length === 0) return 0;
      const values = [
        JSON.stringify(acknowledged),
        JSON.stringify(rejected),
        this.#owner,
        options.group,
        JSON.stringify(options.topics),
        room,
      ];
      const { name, text } = this.#cycle;
      const cycle = this.#parts.prepare() ? { name, text, values } : { text, values };
      const { rows } = await this.#pool.query(cycle);
      const inOrder = rows.sort((a, b) => Number(a.seq) - Number(b.seq));
      const before = this.#inFlight;
      for (const row of inOrder)
        this.#hand(Number(row.seq), String(row.type), String(row.body), Number(row.failures));
      if (rows.length > 0) this.#perRow = (this.#inFlight - before) / rows.length;
      return rows.length;
    } catch (error) {
      this.#lose(error);
      // If the reply was lost, the old owner may hold deliveries this process does not know. They
      // are free once its lease expires.
      this.#owner = randomUUID();
      this.#renewedAt = Number.NEGATIVE_INFINITY;
      // Repeated with the next turn: acknowledging twice changes nothing.
      this.#acknowledged.push(...acknowledged);
      this.#rejected.push(...rejected);
      return undefined;
    }
  }

  /** From now on it takes nothing, and only acknowledges what it has. */
  #lose(error: unknown): void {
    if (this.#lost || this.#closing !== undefined) return;
    this.#lost = true;
    this.#parts.onLost(error);
  }

  async #hand(seq: number, type: string, body: string, failures: number): Promise<void> {
    const events = eventsOf(seq, type, body);
    this.#inFlight += events.length;
    const delivered = await deliverAll(events, {
      semaphore: this.#semaphore,
      deliver: this.#parts.deliver,
      isLeaving: () => this.#closing !== undefined,
    });
    if (delivered === "acknowledged") this.#acknowledged.push(seq);
    else {
      const delay = delivered === "left" ? 0 : redeliveryPauseMs(failures + 1);
      this.#rejected.push({ seq, delay });
      setTimeout(() => this.wake(), delay + 1).unref();
    }
    this.#inFlight -= events.length;
    this.wake();
  }

  async #renew(): Promise<void> {
    const { schema, leaseMs } = this.#parts;
    const at = performance.now();
    const { group, topics } = this.#parts.options;
    const renew = `INSERT INTO ${schema}.member (owner, expires_at, group_name, types)
      VALUES ($1, ${schema}.now_ms() + $2::bigint, $3, $4::json)
      ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at`;
    await this.#pool.query(renew, [this.#owner, leaseMs, group, JSON.stringify(topics)]);
    // An event that was sent while the first group subscribed has found no group.
    const adopt = `UPDATE ${schema}.delivery SET group_name = $1, due_at = 0
      WHERE group_name = '' AND type IN (SELECT s.type FROM ${schema}.subscription s
        WHERE s.group_name = $1
          AND s.type IN (SELECT json_array_elements_text($2::text::json)))`;
    await this.#pool.query(adopt, [group, JSON.stringify(topics)]);
    await this.#pool.query(`SELECT ${schema}.sweep()`);
    this.#renewedAt = at;
  }

  #sleep(): Promise<void> {
    if (this.#woken) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), Math.min(POLL_MS, this.#parts.leaseMs / 4));
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
    });
  }
}

/** The events of a row: one, or a batch of one type. */
function eventsOf(seq: number, type: string, body: string): readonly Incoming[] {
  const [now, place] = [Date.now(), String(seq)];
  return body.startsWith("[")
    ? eventsOfBatch(type, { headers: [], body, place }, now)
    : [readJson(type, body, now, place)];
}

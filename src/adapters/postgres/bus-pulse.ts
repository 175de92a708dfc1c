import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { SeenMember } from "../../adapter/roster.ts";
import type { Legacy } from "./bus-legacy.ts";
import { type EarlierId, isDue } from "./earlier-ids.ts";
import type { SqlRow } from "./native.ts";
import type { Presence, PresenceValues } from "./presence.ts";
import { membersSeen } from "./upkeep-statements.ts";

/** What a pulse needs of its member. */
export interface BusPulseParts {
  readonly pool: pg.Pool;
  /** Shared by the members of one bus. */
  readonly presence: Presence;
  /** The schema's name in quotes. */
  readonly schema: string;
  readonly group: string;
  readonly topics: readonly string[];
  readonly leaseMs: number;
  /** What members before it have left, and it leaves. */
  readonly legacy: Legacy;
  /** The rows that the member has, and has not answered. */
  rows(): readonly number[];
  /** Told when there may be more to take. */
  onFreed(): void;
}

/**
 * How often a member says that it lives, and looks at the others, in milliseconds; and how often
 * while the lock of one is free.
 */
const LOOK_MS = { calm: 1_250, freed: 500 } as const;

/**
 * Says that a member lives, and finds out which others of its group are dead. Beats go over a
 * connection past the pool, so that nothing else of the bus can hold them up. Where none is to
 * be had, the member beats on the pool, and only its silence would tell.
 */
export class BusPulse {
  readonly #parts: BusPulseParts;
  readonly #beat: string;
  /** Identifies the member in the rows that it holds. */
  owner = randomUUID();
  /** Whether the others know `owner`. What another one holds is given to the next who asks. */
  isKnown = false;
  /** How many deliveries it has freed of members that were found dead. */
  redelivered = 0;
  /** Ids that it had before, or a member before it, and under which there may be rows. */
  #renounced: EarlierId[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #rounds = new Set<Promise<void>>();
  /** How many of them beat on the pool. */
  #onPool = 0;
  /** Counts the looks as they begin, and tells the last one that was taken. */
  readonly #looks = { begun: 0, taken: 0 };
  #tidying: Promise<void> | undefined;
  #leaving: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: BusPulseParts) {
    this.#parts = parts;
    const { schema } = parts;
    const now = `${schema}.now_ms()`;
    this.#beat = `WITH earlier AS MATERIALIZED (
        SELECT json_array_elements_text($7::text::json) AS id),
      again AS (UPDATE ${schema}.member SET expires_at = ${now} + $2::bigint, lock_key = $5::int,
        server = $6 WHERE owner IN (SELECT id FROM earlier)),
      beaten AS (INSERT INTO ${schema}.member AS m
          (owner, expires_at, lease_ms, group_name, types, lock_key, server)
        VALUES ($1, ${now} + $2::bigint, $2::bigint, $3, $4::text::json, $5::int, $6)
        ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at,
          lease_ms = excluded.lease_ms, lock_key = excluded.lock_key, server = excluded.server)
      SELECT ${now} AS now, (SELECT ${membersSeen("$5::int")} FROM ${schema}.member m
        WHERE m.owner <> $1 AND m.owner NOT IN (SELECT id FROM earlier)
          AND (m.group_name = $3 OR m.group_name IS NULL)) AS members`;
  }

  /** Resolves once the others know the member. */
  async start(): Promise<void> {
    const { dead } = await this.#look();
    this.#tidy(dead);
    await this.#tidying;
    this.#schedule(LOOK_MS.calm);
  }

  /** Beats now: the others do not know the member, or not its lock. */
  beatNow(): void {
    if (this.#stopped) return;
    // A round that waits for a connection of the pool does not hold up one that needs none.
    const waits = this.#onPool > 0 && !this.#parts.presence.isConnected;
    if (waits || this.#rounds.size > this.#onPool) return;
    clearTimeout(this.#timer);
    const round: Promise<void> = this.#goRound().finally(() => this.#rounds.delete(round));
    this.#rounds.add(round);
  }

  /**
   * Changes the id, after a reply was lost that may have told of rows. What the member has stays
   * its own; the rest is given back after a moment.
   */
  renounce(): void {
    this.#renounced.push({ owner: this.owner, at: performance.now() });
    this.owner = randomUUID();
    this.isKnown = false;
    this.beatNow();
  }

  /** Gives back what the member still holds, and leaves the others; or the next one does it. */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#rounds);
    const { legacy } = this.#parts;
    const earlier = [...this.#renounced, { owner: this.owner, at: performance.now() }];
    this.isKnown = false;
    // First: the next one is there already, and a statement may take as long as it likes.
    legacy.leave(earlier);
    await this.#tidying;
    const owners = earlier.map(({ owner }) => owner);
    const isDone = await this.#giveBack(owners, []).then(
      () => true,
      () => false,
    );
    if (isDone) legacy.forget(earlier);
  }

  #schedule(pauseMs: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    const pause = Math.min(pauseMs, this.#parts.leaseMs / 4);
    this.#timer = setTimeout(() => this.beatNow(), pause).unref();
  }

  /** The member finds out by itself that the database cannot be used. */
  async #goRound(): Promise<void> {
    let pauseMs: number = LOOK_MS.calm;
    const wasKnown = this.isKnown;
    try {
      const { owner } = this;
      const { dead, freed } = await this.#look();
      if (freed) pauseMs = LOOK_MS.freed;
      if (!wasKnown && owner === this.owner) this.#parts.onFreed();
      this.#tidy(dead);
    } catch {}
    this.#schedule(this.isKnown ? pauseMs : LOOK_MS.freed);
  }

  async #look() {
    const { owner } = this;
    const { group, topics, leaseMs, legacy, presence } = this.#parts;
    const inherited = legacy.ids;
    const earlier = [...this.#renounced, ...inherited].map((one) => one.owner);
    const values = (key: number | null, server: string | null) => [
      ...[owner, leaseMs, group, JSON.stringify(topics), key, server, JSON.stringify(earlier)],
    ];
    const number = ++this.#looks.begun;
    // What a member has is freed where a crash has taken its row back.
    const [row] = await this.#query(this.#beat, values, { lasts: !this.isKnown, beats: true });
    if (owner === this.owner) this.isKnown = true;
    legacy.forget(inherited);
    this.#renounced.push(...inherited.filter((one) => !this.#renounced.includes(one)));
    // A reply that was overtaken says less than what is known.
    if (number < this.#looks.taken) return { dead: [], freed: false };
    this.#looks.taken = number;
    return legacy.lookout.look(row, leaseMs, presence);
  }

  /** Beside the beats: it may wait for a connection, and for rows. */
  #tidy(dead: readonly SeenMember[]): void {
    this.#tidying ??= this.#tidyAll(dead)
      .catch(() => {})
      .finally(() => {
        this.#tidying = undefined;
      });
  }

  async #tidyAll(dead: readonly SeenMember[]): Promise<void> {
    await this.#giveBackEarlier();
    const { pool, schema, group, topics } = this.#parts;
    const found = dead.map(({ owner, beat }) => ({ owner, beat }));
    const { rows } = await pool.query<{ freed: string }>(
      `SELECT ${schema}.tidy($1, $2::text::json, $3::text::json) AS freed`,
      [group, JSON.stringify(topics), JSON.stringify(found)],
    );
    const freed = Number(rows[0]?.freed);
    this.redelivered += freed;
    if (freed > 0) this.#parts.onFreed();
  }

  async #giveBackEarlier(): Promise<void> {
    const due = this.#renounced.filter((one) => isDue(one, this.#parts.leaseMs));
    if (due.length === 0 || !this.isKnown) return;
    await this.#giveBack(
      due.map(({ owner }) => owner),
      this.#parts.rows(),
    );
    this.#renounced = this.#renounced.filter((one) => !due.includes(one));
  }

  async #giveBack(owners: readonly string[], known: readonly number[]): Promise<void> {
    const { schema, group } = this.#parts;
    await this.#query(`SELECT ${schema}.give_back($1, $2, $3::text::json, $4::text::json)`, () => [
      ...[this.owner, group, JSON.stringify(owners), JSON.stringify(known)],
    ]);
  }

  async #query(
    text: string,
    values: (key: number | null, server: string | null) => PresenceValues,
    { lasts = false, beats = false } = {},
  ): Promise<readonly SqlRow[]> {
    const { presence, pool } = this.#parts;
    const held = await presence.held().catch(() => undefined);
    if (held !== undefined)
      return presence.run(text, ({ key, server }) => values(key, server), { lasts });
    if (beats) this.#onPool++;
    try {
      return (await pool.query<SqlRow>(text, [...values(null, null)])).rows;
    } finally {
      if (beats) this.#onPool--;
    }
  }
}

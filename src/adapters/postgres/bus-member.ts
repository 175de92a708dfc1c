import type pg from "pg";
import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import { deliverAll } from "../../adapter/deliver-all.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import { readJson } from "../../cloudevents/message.ts";
import { eventsOfBatch } from "../../cloudevents/messages.ts";
import type { Deliver, Incoming, SubscribeOptions } from "../../ports/bus.ts";
import type { Legacy } from "./bus-legacy.ts";
import type { Hold, Neighbour } from "./bus-neighbours.ts";
import { BusPulse } from "./bus-pulse.ts";
import type { Presence } from "./presence.ts";

/** What a member needs besides its pool. */
export interface MemberParts {
  /** The schema's name in quotes. */
  readonly schema: string;
  readonly leaseMs: number;
  /** By which other members know that this process lives. */
  readonly presence: Presence;
  /** What outlives the members of the group, and it adds to. */
  readonly legacy: Legacy;
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
export class PostgresMember implements Neighbour {
  readonly #pool: pg.Pool;
  readonly #parts: MemberParts;
  readonly #cycle: { readonly name: string; readonly text: string };
  #acknowledged: number[] = [];
  #rejected: { readonly seq: number; readonly delay: number }[] = [];
  readonly #pulse: BusPulse;
  /** The rows that it has, until they are answered. */
  readonly #rows = new Set<number>();
  readonly #semaphore: Semaphore;
  /** Events, begun or not, of the rows that it has. */
  #inFlight = 0;
  /** Events of a row, as the last rows had. */
  #perRow = 1;
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
    const { schema, leaseMs, presence, legacy, options } = parts;
    this.#pulse = new BusPulse({
      ...{ pool, presence, schema, leaseMs, legacy },
      ...{ group: options.group, topics: options.topics },
      rows: () => [...this.#rows],
      onFreed: () => this.wake(),
    });
    this.#cycle = {
      name: `odori_cycle_${schema}`.slice(0, 63),
      // It need not survive a power failure: the inbox recognises a repeated delivery.
      text: `WITH clock AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
        SELECT t.* FROM clock, ${schema}.take($1, $2, $3::text::json, $4::int,
          $5::text::json, $6::text::json) AS t`,
    };
  }

  /** Resolves once other members know this one; from then on it takes deliveries. */
  async start(): Promise<void> {
    await this.#pulse.start();
    this.#running = this.#run();
  }

  /** Says at once that it lives: its process has another lock. */
  beat(): void {
    this.#pulse.beatNow();
  }

  /** How many deliveries it has freed of members that it, or another one, has found dead. */
  get redelivered(): number {
    return this.#pulse.redelivered;
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

  get group(): string {
    return this.#parts.options.group;
  }

  /**
   * Takes events of this process before they are inserted, so that their rows are its own from the
   * beginning. The other members get the rest: it keeps a half of its places free, so that a
   * process with more than it can do leaves work to others.
   */
  hold(type: string, bodies: readonly string[]): Hold | undefined {
    if (this.#closing !== undefined || this.#lost || !this.hears([type])) return undefined;
    if (!this.#pulse.isKnown) return undefined;
    const room = Math.floor(this.#parts.options.inFlightMax / 2) - this.#inFlight;
    const held = bodies.slice(0, Math.max(0, Math.floor(room / this.#perRow)));
    if (held.length === 0) return undefined;
    this.#inFlight += held.length;
    return { member: this, owner: this.#pulse.owner, group: this.group, type, bodies: held };
  }

  /** Delivers what was held, once it is inserted as the rows `seqs`. */
  handOver({ type, bodies }: Hold, seqs: readonly number[]): void {
    this.#inFlight -= bodies.length;
    const before = this.#inFlight;
    for (const [i, body] of bodies.entries()) {
      const seq = seqs[i];
      if (seq !== undefined) this.#hand(seq, type, body, 0);
    }
    this.#perRow = Math.max(1, (this.#inFlight - before) / bodies.length);
    if (this.#closing !== undefined) this.wake();
  }

  /**
   * What was held is not inserted. If that is not sure, the owner changes: this member would keep
   * rows that it does not know from all others.
   */
  letGo({ bodies, owner }: Hold, isSure: boolean): void {
    this.#inFlight -= bodies.length;
    if (!isSure && owner === this.#pulse.owner) this.#pulse.renounce();
    if (this.#closing !== undefined) this.wake();
  }

  /** Stops at once. Another member gets what was not acknowledged. */
  async abandon(error: unknown): Promise<void> {
    this.#lose(error);
    this.#abandoned = true;
    this.wake();
    await this.#running;
    await this.#turn(0);
    await this.#leave();
  }

  async #leave(): Promise<void> {
    await this.#running;
    await this.#pulse.leave();
  }

  async #run(): Promise<void> {
    const { inFlightMax } = this.#parts.options;
    while (!this.#abandoned) {
      if (
        this.#closing !== undefined &&
        this.#inFlight + this.#acknowledged.length + this.#rejected.length === 0
      )
        return;
      const takes = this.#closing === undefined && !this.#lost && this.#pulse.isKnown;
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
      if (room === 0 && acknowledged.length + rejected.length === 0) return 0;
      const { group, topics } = options;
      const values = [
        ...[this.#pulse.owner, group, JSON.stringify(topics), room],
        ...[JSON.stringify(acknowledged), JSON.stringify(rejected)],
      ];
      const { name, text } = this.#cycle;
      const cycle = this.#parts.prepare() ? { name, text, values } : { text, values };
      const { rows } = await this.#pool.query(cycle);
      for (const seq of acknowledged) this.#rows.delete(seq);
      for (const { seq } of rejected) this.#rows.delete(seq);
      const inOrder = rows.sort((a, b) => Number(a.seq) - Number(b.seq));
      const before = this.#inFlight;
      for (const row of inOrder)
        this.#hand(Number(row.seq), String(row.type), String(row.body), Number(row.failures));
      if (rows.length > 0) this.#perRow = (this.#inFlight - before) / rows.length;
      return rows.length;
    } catch (error) {
      this.#lose(error);
      // If the reply was lost, the old owner may hold deliveries this process does not know.
      if (room > 0) this.#pulse.renounce();
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
    this.#rows.add(seq);
    const events = eventsOf(seq, type, body);
    this.#inFlight += events.length;
    let open = events.length;
    const deliver: Deliver = async (incoming) => {
      try {
        await this.#parts.deliver(incoming);
      } finally {
        // One that hangs keeps its own place, and not those of its neighbours in the row. The last
        // one is in flight until the row is answered: a close waits for that.
        if (open > 1) {
          open--;
          this.#free();
        }
      }
    };
    const isLeaving = () => this.#closing !== undefined;
    const delivered = await deliverAll(events, { semaphore: this.#semaphore, deliver, isLeaving });
    if (delivered === "acknowledged") this.#acknowledged.push(seq);
    else {
      const delay = delivered === "left" ? 0 : redeliveryPauseMs(failures + 1);
      this.#rejected.push({ seq, delay });
      setTimeout(() => this.wake(), delay + 1).unref();
    }
    this.#inFlight -= open;
    this.wake();
  }

  /** Looks for more once a half of the places are free, and not for each of them. */
  #free(): void {
    this.#inFlight--;
    if (this.#inFlight === Math.floor(this.#parts.options.inFlightMax / 2)) this.wake();
  }

  #sleep(): Promise<void> {
    if (this.#woken) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), POLL_MS);
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

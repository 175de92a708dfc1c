import { randomUUID } from "node:crypto";
import { Roster, type SeenMember } from "../../adapter/roster.ts";
import type { Opened, Session } from "../../ports/store.ts";
import { explainConnecting, isAnswered } from "./errors.ts";
import type { SqlRow } from "./native.ts";
import { type PostgresOptions, placeOf } from "./options.ts";
import { Presence, type PresenceLink } from "./presence.ts";
import type { Statement } from "./sql.ts";
import type { Statements } from "./statements.ts";

/** Another process, as `peek` returns it. */
interface MemberRow {
  readonly owner: string;
  readonly beat: number;
  readonly lock: SeenMember["lock"];
  readonly leaseMs: number;
  /** Whether the server has started since the process took its lock. */
  readonly restarted: boolean;
}

/** What one look at the other processes has found. */
export interface PostgresLook {
  /** Those that are dead, and are not known to be. */
  readonly dead: readonly SeenMember[];
  /** Whether the lock of one is free: it may have died. */
  readonly freed: boolean;
  /** Whether another process has found this one dead. */
  readonly lost: boolean;
}

/**
 * How long a lock may be free before its process is dead, in milliseconds: the other one may have
 * lost its connection alone, and takes ten round trips for the next. With `freed` this process has
 * kept its own meanwhile, so the server and the network are in order. With `free` it has just
 * started, and cannot tell.
 */
const PATIENCE = { freedMs: 2_000, freeMs: 5_000 };
/**
 * Overrides the defaults of the role. A beat need not survive a power failure, and ends on the
 * server before this process gives its connection up. What is set for the session would hold,
 * behind a pooler, for the transactions of others.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
  SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = 3000`;
/** How long what is under an earlier id is left alone: most of it is settled meanwhile. */
const RENOUNCED_MS = 2_000;

/** This process among the others that use the schema. */
export class PostgresMembers {
  readonly #session: Session;
  readonly #statements: Statements;
  readonly #place: string;
  readonly #presence: Presence;
  readonly #roster = new Roster();
  /** The first one is that of the start. */
  #connections = 1;
  /** How often this process was found dead, as far as it knows; undefined: it has not joined. */
  #deaths: number | undefined;
  #lost = false;
  /** Ids that this process had before, and under which it may have claimed rows. */
  #renounced: { readonly owner: string; readonly at: number }[] = [];
  /** Identifies this process in claims. */
  owner: string;

  constructor(session: Session, options: PostgresOptions, statements: Statements) {
    this.#session = session;
    this.#statements = statements;
    this.#place = placeOf(options);
    this.#presence = new Presence(options, () => this.#beatAgain());
    this.owner = session.owner;
  }

  /** Joins the others. */
  async join(): Promise<Opened["others"]> {
    await this.beat();
    const [row] = await this.#run(this.#statements.others, [this.owner]);
    const others = row?.others;
    return others === "died" || others === "running" ? others : "none";
  }

  /** Says that this process lives. */
  async beat(): Promise<void> {
    const { owner } = this;
    const { leaseMs } = this.#session;
    const earlier = this.#renounced.map((one) => one.owner);
    if (earlier.length > 0)
      await this.#run(this.#statements.beatAs, ({ key, server }) => [
        ...[JSON.stringify(earlier), leaseMs, key, server],
      ]);
    const [row] = await this.#run(this.#statements.beat, ({ key, server }) => [
      ...[owner, leaseMs, key, server],
    ]);
    if (owner !== this.owner) return;
    const deaths = Number(row?.deaths);
    this.#lost ||= this.#deaths !== undefined && (row?.joined === true || deaths !== this.#deaths);
    this.#deaths = deaths;
  }

  /** Takes what `peek` has found. */
  async look(row: SqlRow | undefined): Promise<PostgresLook> {
    if (row?.alive !== true) await this.beat();
    const { connections, isConnected } = this.#presence;
    // After a break of the connection the others may have to connect again as well.
    if (!isConnected || this.#connections !== connections) this.#roster.doubtLocks();
    this.#connections = connections;
    const others: readonly MemberRow[] = JSON.parse(String(row?.members ?? "[]"));
    const { leaseMs: silentMs } = this.#session;
    const freedMs = Math.min(PATIENCE.freedMs, silentMs);
    const freeMs = Math.min(PATIENCE.freeMs, silentMs);
    const seen = others.map(({ restarted, ...member }) => ({
      ...member,
      lock: restarted ? ("unknown" as const) : member.lock,
    }));
    const patience = { silentMs, freedMs, freeMs };
    const dead = this.#roster.look(seen, Number(row?.now), patience);
    const lost = this.#lost;
    this.#lost = false;
    return { dead, freed: others.some(({ lock }) => lock === "free"), lost };
  }

  /**
   * Changes the owner id, after a reply was lost that may have told of claimed rows. What is under
   * the old id is free after a moment, also for this process.
   */
  renounce(): void {
    this.#renounced.push({ owner: this.owner, at: performance.now() });
    this.owner = randomUUID();
    this.#deaths = undefined;
    this.#beatAgain();
  }

  /** Gives back what is under earlier ids. Deliveries have not been attempted under them. */
  async giveBack(): Promise<void> {
    const wait = Math.min(RENOUNCED_MS, this.#session.leaseMs);
    for (const { owner, at } of this.#renounced) {
      await this.#run(this.#statements.giveBack, [owner]);
      if (performance.now() - at < wait) continue;
      await this.#run(this.#statements.leave, [owner]);
      this.#renounced = this.#renounced.filter((one) => one.owner !== owner);
    }
  }

  /** Leaves the others, with all that this process holds. */
  async leave(): Promise<void> {
    for (const { owner } of [...this.#renounced, this]) {
      await this.#run(this.#statements.giveBack, [owner]);
      await this.#run(this.#statements.leave, [owner]);
    }
  }

  close(): Promise<void> {
    return this.#presence.close();
  }

  /** The next beat says it if this one fails. */
  #beatAgain(): void {
    this.beat().catch(() => {});
  }

  async #run(
    { text }: Statement,
    values: Values | ((held: PresenceLink) => Values),
  ): Promise<readonly SqlRow[]> {
    let held: PresenceLink | undefined;
    try {
      held = await this.#presence.held();
      const list = typeof values === "function" ? values(held) : values;
      // Sent at once: no other call comes between them.
      const [, { rows }] = await Promise.all([
        held.client.query(BEGIN),
        held.client.query<SqlRow>(text, [...list]),
        held.client.query("COMMIT"),
      ]);
      return rows;
    } catch (error) {
      if (held !== undefined && !isAnswered(error)) this.#presence.discard(held);
      throw explainConnecting(error, this.#place);
    }
  }
}

type Values = readonly (string | number | null)[];

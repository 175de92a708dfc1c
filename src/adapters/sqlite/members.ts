import { Roster, type SeenMember } from "../../adapter/roster.ts";
import { busFaultText } from "../../adapter/rows.ts";
import type { BusFault } from "../../ports/inspection.ts";
import { DEATH_REMEMBERED_MS, type Opened, type Session } from "../../ports/store.ts";
import { isTaken, MemberLock, removeLock } from "./member-lock.ts";
import type { Connection } from "./sql.ts";

const BEAT = `INSERT INTO odori_member (owner, expires_at, lease_ms, lock) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at, lease_ms = excluded.lease_ms,
    died_at = NULL
  RETURNING deaths`;
/**
 * A program of before these locks does not clear `died_at`: it lives again once it has renewed its
 * lease.
 */
export const LIVES = "(died_at IS NULL OR expires_at > died_at)";
const OTHERS = `SELECT owner, expires_at, lease_ms, lock, ${LIVES} AS lives FROM odori_member
  WHERE owner <> ?`;
const OWN = "SELECT deaths FROM odori_member WHERE owner = ?";
const BURY = `UPDATE odori_member
  SET died_at = ?1, expires_at = min(expires_at, ?1), deaths = deaths + 1
  WHERE owner = ?2 AND expires_at = ?3 AND ${LIVES}`;
const DIED = `SELECT 1 FROM odori_member
  WHERE owner <> ?2 AND abs(?1 - died_at) <= ${DEATH_REMEMBERED_MS} LIMIT 1`;
const FORGET = `DELETE FROM odori_member WHERE abs(?1 - died_at) > ${DEATH_REMEMBERED_MS}`;
const TELL = `UPDATE odori_member SET backlog = ?1,
  empty_at = CASE WHEN ?1 = 0 THEN ?2 ELSE empty_at END WHERE owner = ?3`;
const TELL_FAULT = "UPDATE odori_member SET bus_fault = ?1, bus_lost_at = ?2 WHERE owner = ?3";
const LEAVE = "DELETE FROM odori_member WHERE owner = ?";

/** What one look at the other processes has found. */
export interface SqliteLook {
  /** Those that are dead, and are not known to be. */
  readonly dead: readonly SeenMember[];
  /** Whether another process has found this one dead. */
  readonly lost: boolean;
}

/** This process among the others that use the file. */
export class SqliteMembers {
  readonly #path: string;
  readonly #session: Session;
  readonly #lock: MemberLock | undefined;
  readonly #roster = new Roster();
  /** How often this process was found dead, as far as it knows. */
  #deaths = 0;

  constructor(path: string, session: Session) {
    this.#path = path;
    this.#session = session;
    this.#lock = path === ":memory:" ? undefined : lockOf(path, session.owner);
  }

  /** Joins the others, inside a transaction. */
  join(connection: Connection): Opened["others"] {
    this.beat(connection);
    const now = this.#session.now();
    const others = connection.all(OTHERS, this.#session.owner);
    const died = others.some(
      (row) => row.lives !== 1 || Number(row.expires_at) <= now || this.#isFree(row.lock),
    );
    if (died) return "died";
    return others.some(({ lock }) => lock === null) ? "running" : "none";
  }

  /** Says that this process lives. */
  beat(connection: Connection): void {
    const { owner, leaseMs, now } = this.#session;
    connection.get(BEAT, owner, now() + leaseMs, leaseMs, this.#lock?.name ?? null);
  }

  /** Looks at the others; takes no lock. */
  look(connection: Connection): SqliteLook {
    const { owner, leaseMs, now } = this.#session;
    const members = connection
      .all(OTHERS, owner)
      .filter((row) => row.lives === 1)
      .map((row) => ({
        owner: String(row.owner),
        beat: Number(row.expires_at),
        leaseMs: Number(row.lease_ms),
        lock: this.#stateOf(row.lock),
      }));
    // The lock of a file has no connection that could be lost: it is free after a death alone.
    const patience = { silentMs: leaseMs, freedMs: 0, freeMs: 0 };
    const dead = this.#roster.look(members, now(), patience);
    const deaths = Number(connection.get(OWN, owner)?.deaths ?? this.#deaths + 1);
    return { dead, lost: deaths !== this.#deaths };
  }

  /** Notes what a look has found, inside a transaction. Returns how many deaths were not known. */
  settle(connection: Connection, { dead, lost }: SqliteLook): number {
    const { owner, now } = this.#session;
    connection.run(FORGET, now());
    if (lost) {
      this.beat(connection);
      this.#deaths = Number(connection.get(OWN, owner)?.deaths ?? 0);
    }
    return dead.filter((member) => {
      const found = connection.run(BURY, now(), member.owner, member.beat) > 0;
      if (found && member.lock === "free") removeLock(`${this.#path}-live-${member.owner}`);
      return found;
    }).length;
  }

  /** Tells what the bus held for the service some time ago. */
  tell(connection: Connection, deliveries: number, askedMs: number): void {
    const { owner, now } = this.#session;
    connection.run(TELL, deliveries, now() - askedMs, owner);
  }

  /** Tells why the service does not hear the bus. */
  tellFault(connection: Connection, fault: BusFault | undefined): void {
    const { owner, now } = this.#session;
    const lostAt = fault === undefined ? null : now() - fault.sinceMs;
    connection.run(TELL_FAULT, busFaultText(fault), lostAt, owner);
  }

  /** Whether another process has died lately. */
  hasDied(connection: Connection): boolean {
    return connection.get(DIED, this.#session.now(), this.#session.owner) !== undefined;
  }

  /** Leaves the others. */
  leave(connection: Connection): void {
    connection.run(LEAVE, this.#session.owner);
  }

  /** Frees the lock. */
  release(): void {
    this.#lock?.release();
  }

  #isFree(lock: unknown): boolean {
    return this.#stateOf(lock) === "free";
  }

  #stateOf(lock: unknown): SeenMember["lock"] {
    if (typeof lock !== "string") return "unknown";
    return isTaken(this.#path, lock) ? "held" : "free";
  }
}

/** Without a lock, which a full disk may refuse, the beats alone tell that the process lives. */
function lockOf(path: string, owner: string): MemberLock | undefined {
  try {
    return new MemberLock(path, owner);
  } catch {
    return undefined;
  }
}

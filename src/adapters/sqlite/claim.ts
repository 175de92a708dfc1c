import { type ClaimLimits, knownList, togetherAtMost } from "../../adapter/claim-limits.ts";
import { busFaultText, toDeferred } from "../../adapter/rows.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import type { BusFault } from "../../ports/inspection.ts";
import { type Claimed, DEATH_REMEMBERED_MS, type Opened, type Session } from "../../ports/store.ts";
import { BECOMES_DUE } from "./deferred.ts";
import type { Connection } from "./sql.ts";

/**
 * Condition for rows that no live owner holds; `?1` is now. A lease that lies further ahead than it
 * lasts was written before the clock stepped back.
 */
const FREE = `(owner IS NULL OR owner NOT IN (SELECT owner FROM odori_member
  WHERE expires_at > ?1 AND expires_at <= ?1 + lease_ms))`;
/** Condition for deliveries that the process knows; `?2` is a list of `knownList`. */
const KNOWN = `(?2 IS NULL OR reaction IN (SELECT value FROM json_each(?2))
  OR reaction || char(10) || type IN (SELECT value FROM json_each(?2)))`;
const ANY_OUTBOX = `SELECT 1 FROM odori_outbox WHERE ${FREE} LIMIT 1`;
const NEXT_DUE = `SELECT min(due_at) AS due_at FROM odori_deferred
  WHERE ${BECOMES_DUE} AND ${KNOWN} AND ${FREE}`;
const STEPPED = `SELECT 1 FROM odori_deferred WHERE ${BECOMES_DUE} AND set_at > ? LIMIT 1`;
/** After the clock has stepped back, the delay of a delivery begins again: it is never early. */
const STEADY = `UPDATE odori_deferred SET due_at = ?1 + due_at - set_at, set_at = ?1
  WHERE ${BECOMES_DUE} AND set_at > ?1`;
const CLAIM_OUTBOX = `UPDATE odori_outbox SET owner = ?2 WHERE ticket IN (
  SELECT ticket FROM odori_outbox WHERE ${FREE} ORDER BY ticket LIMIT ?3)
  RETURNING ticket, events`;
const DUE = `FROM odori_deferred WHERE ${BECOMES_DUE} AND due_at <= ?1 AND ${KNOWN} AND ${FREE}`;
const WORST = `SELECT max(claims) AS claims ${DUE}`;
const SUSPECTS = `SELECT seq ${DUE} AND claims > 0 ORDER BY claims DESC, due_at LIMIT ?3`;
const DUE_ROWS = `SELECT seq ${DUE} ORDER BY due_at LIMIT ?3`;
const CLAIM_DEFERRED = `UPDATE odori_deferred SET owner = ?, claims = claims + 1
  WHERE seq IN (SELECT value FROM json_each(?)) RETURNING *`;
const RENEW = `INSERT INTO odori_member (owner, expires_at, lease_ms) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at, lease_ms = excluded.lease_ms`;
const OTHERS = `SELECT CASE WHEN max(expires_at <= ?1 OR expires_at > ?1 + lease_ms) THEN 'died'
  WHEN count(*) > 0 THEN 'running' ELSE 'none' END AS others FROM odori_member WHERE owner <> ?2`;
const DIED = `SELECT 1 FROM odori_member
  WHERE owner <> ?2 AND expires_at BETWEEN ?1 - ${DEATH_REMEMBERED_MS} AND ?1 LIMIT 1`;
const FORGET_DEAD = `DELETE FROM odori_member
  WHERE expires_at < ?1 - ${DEATH_REMEMBERED_MS} OR expires_at > ?1 + lease_ms`;
const LEAVE = "DELETE FROM odori_member WHERE owner = ?";
const PUT_BACKLOG = `UPDATE odori_member SET backlog = ?1,
  empty_at = CASE WHEN ?1 = 0 THEN ?2 ELSE empty_at END WHERE owner = ?3`;
const PUT_BUS_FAULT = "UPDATE odori_member SET bus_fault = ?1, bus_lost_at = ?2 WHERE owner = ?3";
/** What a process has claimed and not handled does not count; what it held was not claimed. */
const GIVE_BACK = `UPDATE odori_deferred SET owner = NULL, claims = max(claims - 1, 0)
  WHERE owner = ? AND ${BECOMES_DUE}`;

/** Looks at the leases of other processes. */
export function othersOf(connection: Connection, { owner, now }: Session): Opened["others"] {
  const found = connection.get(OTHERS, now(), owner)?.others;
  return found === "died" || found === "running" ? found : "none";
}

/** Renews the lease of the session. */
export function renew(connection: Connection, { owner, leaseMs, now }: Session): void {
  connection.run(RENEW, owner, now() + leaseMs, leaseMs);
}

/** Keeps what the bus holds for the service, as of a time. */
export function putBacklog(
  connection: Connection,
  { owner }: Session,
  deliveries: number,
  at: number,
): void {
  connection.run(PUT_BACKLOG, deliveries, at, owner);
}

/** Keeps why the service does not hear the bus. */
export function putBusFault(
  connection: Connection,
  { owner, now }: Session,
  fault: BusFault | undefined,
): void {
  const lostAt = fault === undefined ? null : now() - fault.sinceMs;
  connection.run(PUT_BUS_FAULT, busFaultText(fault), lostAt, owner);
}

/** Gives up the lease of the session, with its claims. */
export function leave(connection: Connection, { owner }: Session): void {
  connection.run(GIVE_BACK, owner);
  connection.run(LEAVE, owner);
}

/** Looks whether there is anything to claim; takes no lock. Undefined if there is. */
export function peek(
  connection: Connection,
  { owner, now }: Session,
  { known }: ClaimLimits,
): Claimed | undefined {
  const at = now();
  const due = dueAt(connection, at, known);
  const any =
    (due !== undefined && due <= at) ||
    connection.get(ANY_OUTBOX, at) !== undefined ||
    connection.get(STEPPED, at) !== undefined;
  if (any) return undefined;
  const nextDueMs = due === undefined ? undefined : due - at;
  return { outbox: [], deferred: [], nextDueMs, died: hasDied(connection, owner, at) };
}

/** Takes rows, inside a transaction. */
export function claim(connection: Connection, session: Session, limits: ClaimLimits): Claimed {
  const { owner } = session;
  const now = session.now();
  renew(connection, session);
  connection.run(FORGET_DEAD, now);
  if (connection.get(STEPPED, now) !== undefined) connection.run(STEADY, now);
  const outbox = connection.all(CLAIM_OUTBOX, now, owner, limits.outbox);
  const seqs = toClaim(connection, now, limits);
  const deferred = seqs.length === 0 ? [] : connection.all(CLAIM_DEFERRED, owner, `[${seqs}]`);
  const due = dueAt(connection, now, limits.known);
  return {
    // RETURNING promises no order.
    outbox: outbox
      .map((row) => ({ ticket: Number(row.ticket), events: decodeStored(String(row.events)) }))
      .sort((a, b) => a.ticket - b.ticket),
    deferred: deferred.map(toDeferred).sort((a, b) => a.seq - b.seq),
    nextDueMs: due === undefined ? undefined : Math.max(0, due - now),
    died: hasDied(connection, owner, now),
  };
}

/** Returns the `seq` of the deliveries to claim: those with claims behind them come apart. */
function toClaim(
  connection: Connection,
  now: number,
  { deferred: limit, known }: ClaimLimits,
): readonly number[] {
  if (limit === 0) return [];
  const names = knownList(known);
  const worst = Number(connection.get(WORST, now, names)?.claims ?? 0);
  const statement = worst > 0 ? SUSPECTS : DUE_ROWS;
  const rows = connection.all(statement, now, names, togetherAtMost(worst, limit));
  return rows.map(({ seq }) => Number(seq));
}

function dueAt(
  connection: Connection,
  now: number,
  known: ClaimLimits["known"],
): number | undefined {
  const due = connection.get(NEXT_DUE, now, knownList(known))?.due_at;
  return typeof due === "number" ? due : undefined;
}

function hasDied(connection: Connection, owner: string, now: number): boolean {
  return connection.get(DIED, now, owner) !== undefined;
}

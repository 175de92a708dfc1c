import { type ClaimLimits, knownList, togetherAtMost } from "../../adapter/claim-limits.ts";
import { toDeferred } from "../../adapter/rows.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import type { Claimed, Session, TakenOver } from "../../ports/store.ts";
import { BECOMES_DUE } from "./deferred.ts";
import { LIVES } from "./members.ts";
import type { Connection, SqlRow } from "./sql.ts";

/** Condition for rows that no live process holds. */
const FREE = `(owner IS NULL
  OR owner NOT IN (SELECT owner FROM odori_member WHERE ${LIVES}))`;
/** Condition for deliveries that the process knows; `?1` is a list of `knownList`. */
const KNOWN = `(?1 IS NULL OR reaction IN (SELECT value FROM json_each(?1))
  OR reaction || char(10) || type IN (SELECT value FROM json_each(?1)))`;
/** Whether a dead process held the row. */
const ORPHAN = `(owner IN (SELECT owner FROM odori_member WHERE NOT ${LIVES}))`;
const ANY_OUTBOX = `SELECT 1 FROM odori_outbox WHERE ${FREE} LIMIT 1`;
const NEXT_DUE = `SELECT min(due_at) AS due_at FROM odori_deferred
  WHERE ${BECOMES_DUE} AND ${KNOWN} AND ${FREE}`;
const STEPPED = `SELECT 1 FROM odori_deferred WHERE ${BECOMES_DUE} AND set_at > ? LIMIT 1`;
/** After the clock has stepped back, the delay of a delivery begins again: it is never early. */
const STEADY = `UPDATE odori_deferred SET due_at = ?1 + due_at - set_at, set_at = ?1
  WHERE ${BECOMES_DUE} AND set_at > ?1`;
const FREE_OUTBOX = `SELECT ticket, events, count, ${ORPHAN} AS orphan
  FROM odori_outbox WHERE ${FREE} ORDER BY ticket LIMIT ?`;
const CLAIM_OUTBOX = `UPDATE odori_outbox SET owner = ?
  WHERE ticket IN (SELECT value FROM json_each(?))`;
const DUE = `FROM odori_deferred WHERE ${BECOMES_DUE} AND due_at <= ?2 AND ${KNOWN} AND ${FREE}`;
const WORST = `SELECT max(claims) AS claims ${DUE}`;
const SUSPECTS = `SELECT seq, ${ORPHAN} AS orphan ${DUE} AND claims > 0
  ORDER BY claims DESC, due_at LIMIT ?3`;
const DUE_ROWS = `SELECT seq, ${ORPHAN} AS orphan ${DUE} ORDER BY due_at LIMIT ?3`;
const CLAIM_DEFERRED = `UPDATE odori_deferred SET owner = ?, claims = claims + 1
  WHERE seq IN (SELECT value FROM json_each(?)) RETURNING *`;
/** What a process has claimed and not handled does not count; what it held was not claimed. */
const GIVE_BACK = `UPDATE odori_deferred SET owner = NULL, claims = max(claims - 1, 0)
  WHERE owner = ? AND ${BECOMES_DUE}`;

/** Gives up the claims of a process. */
export function giveBack(connection: Connection, { owner }: Session): void {
  connection.run(GIVE_BACK, owner);
}

/** What a claim finds without taking it. */
export interface Peeked {
  /** Whether there is anything to take. */
  readonly any: boolean;
  readonly nextDueMs: number | undefined;
}

/** Looks whether there is anything to claim; takes no lock. */
export function peek(connection: Connection, { now }: Session, { known }: ClaimLimits): Peeked {
  const at = now();
  const due = dueAt(connection, known);
  const any =
    (due !== undefined && due <= at) ||
    connection.get(ANY_OUTBOX) !== undefined ||
    connection.get(STEPPED, at) !== undefined;
  return { any, nextDueMs: due === undefined ? undefined : due - at };
}

/** Rows that one `claim` took. */
export type Taken = Pick<Claimed, "outbox" | "deferred" | "nextDueMs"> & {
  /** Events and deliveries that a dead process held. */
  readonly orphans: Omit<TakenOver, "processes">;
};

/** Takes rows, inside a transaction. */
export function claim(connection: Connection, session: Session, limits: ClaimLimits): Taken {
  const { owner } = session;
  const now = session.now();
  if (connection.get(STEPPED, now) !== undefined) connection.run(STEADY, now);
  const outbox = connection.all(FREE_OUTBOX, limits.outbox);
  const tickets = outbox.map(({ ticket }) => Number(ticket));
  if (tickets.length > 0) connection.run(CLAIM_OUTBOX, owner, `[${tickets}]`);
  const rows = toClaim(connection, now, limits);
  const seqs = rows.map(({ seq }) => Number(seq));
  const deferred = seqs.length === 0 ? [] : connection.all(CLAIM_DEFERRED, owner, `[${seqs}]`);
  const due = dueAt(connection, limits.known);
  const orphans = outbox.filter(({ orphan }) => orphan === 1);
  return {
    outbox: outbox.map((row) => ({
      ticket: Number(row.ticket),
      events: decodeStored(String(row.events)),
    })),
    // RETURNING promises no order.
    deferred: deferred.map(toDeferred).sort((a, b) => a.seq - b.seq),
    nextDueMs: due === undefined ? undefined : Math.max(0, due - now),
    orphans: {
      events: orphans.reduce((sum, { count }) => sum + Number(count), 0),
      deliveries: rows.filter(({ orphan }) => orphan === 1).length,
    },
  };
}

/** Returns the deliveries to claim: those with claims behind them come apart. */
function toClaim(
  connection: Connection,
  now: number,
  { deferred: limit, known }: ClaimLimits,
): readonly SqlRow[] {
  if (limit === 0) return [];
  const names = knownList(known);
  const worst = Number(connection.get(WORST, names, now)?.claims ?? 0);
  const statement = worst > 0 ? SUSPECTS : DUE_ROWS;
  return connection.all(statement, names, now, togetherAtMost(worst, limit));
}

function dueAt(connection: Connection, known: ClaimLimits["known"]): number | undefined {
  const due = connection.get(NEXT_DUE, knownList(known))?.due_at;
  return typeof due === "number" ? due : undefined;
}

import { type ClaimLimits, knownList } from "../../adapter/claim-limits.ts";
import { toDeferred } from "../../adapter/rows.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import type { Claimed } from "../../ports/store.ts";
import type { PostgresLook } from "./members.ts";
import type { SqlRow } from "./native.ts";
import type { Bookkeeper } from "./sql.ts";
import type { Statements } from "./statements.ts";

/** What `claim` finds without taking anything. */
export interface Peeked {
  /** Whether there are outbox rows that no live process holds. */
  readonly free: boolean;
  /** Milliseconds until a deferred delivery is due; undefined if there is none. */
  readonly due: number | undefined;
  /** Whether the clock has stepped back since a delay began. */
  readonly stepped: boolean;
  /** Whether a process has died lately. */
  readonly died: boolean;
}

/** Reads what the statement `peek` returns. */
export function toPeeked(row: SqlRow | undefined): Peeked {
  return {
    free: row?.free === true,
    stepped: row?.stepped === true,
    died: row?.died === true,
    due: dueIn(row),
  };
}

/** Takes rows for `owner`, inside a transaction that it commits: all of it is sent at once. */
export async function claimRows(
  books: Bookkeeper,
  statements: Statements,
  owner: string,
  limits: ClaimLimits,
  { stepped, dead }: Pick<Peeked, "stepped"> & Pick<PostgresLook, "dead">,
): Promise<Omit<Claimed, "died" | "lost">> {
  const { bury, steady, claimOutbox, claimDeferred, forgetDead, nextDue } = statements;
  const known = knownList(limits.known);
  const found = dead.map(({ owner: other, beat }) => ({ owner: other, beat }));
  const flight = Promise.all([
    found.length > 0 ? books.run(bury, [JSON.stringify(found)]) : [],
    books.run(claimOutbox, [owner, limits.outbox]),
    stepped ? books.run(steady, []) : [],
    books.run(claimDeferred, [owner, limits.deferred, known]),
    books.run(nextDue, [known]),
    books.run(forgetDead, []),
  ]);
  books.commit();
  const [buried, outbox, , deferred, [next]] = await flight;
  const events = outbox.filter(isOrphan).reduce((sum, { count }) => sum + Number(count), 0);
  return {
    outbox: outbox.map((row) => ({
      ticket: Number(row.ticket),
      events: decodeStored(String(row.events)),
    })),
    deferred: deferred.map(toDeferred),
    nextDueMs: dueIn(next),
    takenOver: {
      // A process may have had several ids.
      processes: new Set(buried.map(({ process }) => process)).size,
      events,
      deliveries: deferred.filter(isOrphan).length,
    },
  };
}

function dueIn(row: SqlRow | undefined): number | undefined {
  const due = row?.due;
  return due === null || due === undefined ? undefined : Math.max(0, Number(due));
}

const isOrphan = ({ orphan }: SqlRow): boolean => orphan === true;

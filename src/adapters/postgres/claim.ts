import { type ClaimLimits, knownList } from "../../adapter/claim-limits.ts";
import { toDeferred } from "../../adapter/rows.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import type { Claimed } from "../../ports/store.ts";
import type { SqlRow } from "./native.ts";
import type { Bookkeeper } from "./sql.ts";
import type { Statements } from "./statements.ts";

/** What `claim` finds without taking locks. */
export interface Peeked {
  /** Whether there are outbox rows that no live process holds. */
  readonly free: boolean;
  /** Milliseconds until a deferred delivery is due; undefined if there is none. */
  readonly due: number | undefined;
  /** Whether the clock has stepped back since a delay began. */
  readonly stepped: boolean;
  /** Whether a process has died lately. */
  readonly died: boolean;
  /** Milliseconds until this process's lease expires. */
  readonly lease: number;
}

/** Reads what the statement `peek` returns. */
export function toPeeked([row]: readonly SqlRow[]): Peeked {
  const [due, lease] = [row?.due, row?.lease].map((value) =>
    value === null || value === undefined ? undefined : Number(value),
  );
  return {
    free: row?.free === true,
    stepped: row?.stepped === true,
    died: row?.died === true,
    due: due === undefined ? undefined : Math.max(0, due),
    lease: lease ?? 0,
  };
}

/** Takes rows for `owner`, inside a transaction. */
export async function claimRows(
  books: Bookkeeper,
  statements: Statements,
  owner: string,
  limits: ClaimLimits,
  { stepped, died }: Peeked,
): Promise<Claimed> {
  const { peek, steady, claimOutbox, claimDeferred, forgetDead } = statements;
  const known = knownList(limits.known);
  await books.run(forgetDead, []);
  if (stepped) await books.run(steady, []);
  const outbox = await books.run(claimOutbox, [owner, limits.outbox]);
  const deferred = await books.run(claimDeferred, [owner, limits.deferred, known]);
  return {
    // RETURNING promises no order.
    outbox: outbox
      .map((row) => ({ ticket: Number(row.ticket), events: decodeStored(String(row.events)) }))
      .sort((a, b) => a.ticket - b.ticket),
    deferred: deferred.map(toDeferred).sort((a, b) => a.seq - b.seq),
    nextDueMs: toPeeked(await books.run(peek, [owner, known])).due,
    died,
  };
}

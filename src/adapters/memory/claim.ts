import { type ClaimLimits, canHandle, togetherAtMost } from "../../adapter/claim-limits.ts";
import type { Claimed } from "../../ports/store.ts";
import type { DeferredRecord, MemoryDatabase } from "./database.ts";

const NOTHING = { deferred: [], nextDueMs: undefined, orphans: 0 };

/**
 * Takes deferred deliveries that are due, and says when the next one is. A dead process held
 * `orphans` of them.
 */
export function claimDeferred(
  database: MemoryDatabase,
  { deferred: limit, known }: ClaimLimits,
  { owner, now }: { readonly owner: string; readonly now: number },
): Pick<Claimed, "deferred" | "nextDueMs"> & { readonly orphans: number } {
  if (database.deferred.size === 0) return NOTHING;
  const free = [...database.deferred.values()]
    .filter(({ state }) => state === "retrying" || state === "armed")
    .filter(({ reaction, type }) => canHandle(known, reaction, type))
    .filter((row) => !database.isLive(row.owner))
    .map((row) => steadied(row, now));
  const due = free.filter((row) => row.dueAt <= now);
  const worst = Math.max(0, ...due.map(({ claims }) => claims));
  const taken = due
    .filter(({ claims }) => claims > 0 || worst === 0)
    .sort((a, b) => b.claims - a.claims || a.dueAt - b.dueAt)
    .slice(0, togetherAtMost(worst, limit));
  for (const row of free) {
    const holder = taken.includes(row) ? { owner, claims: row.claims + 1 } : {};
    database.putDeferred({ ...row, ...holder });
  }
  const later = free.filter((row) => !taken.includes(row)).map(({ dueAt }) => dueAt - now);
  return {
    deferred: taken
      .map((row) => ({ ...row, claims: row.claims + 1 }))
      .sort((a, b) => a.seq - b.seq),
    orphans: taken.filter((row) => database.isDead(row.owner)).length,
    nextDueMs: later.length === 0 ? undefined : Math.max(0, Math.min(...later)),
  };
}

/** After the clock has stepped back, the delay of a delivery begins again: it is never early. */
function steadied(row: DeferredRecord, now: number): DeferredRecord {
  if (row.setAt <= now) return row;
  return { ...row, dueAt: now + row.dueAt - row.setAt, setAt: now };
}

import type { ServiceHistory } from "../observe/summary.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { FeedPage } from "../ports/source.ts";

/** How far the feed of a service was read. */
export type Cover = Pick<FeedPage, "upTo" | "gaps">;

/**
 * What a saga was when the feeds were where they are. Its journals are read later than the feeds,
 * and may have rows that no feed has told yet: with them, the ledger would not add up.
 */
export function cutAt(
  parts: readonly ServiceHistory[],
  covers: ReadonlyMap<string, Cover>,
): readonly ServiceHistory[] {
  return parts.map((part) => {
    const { service, history } = part;
    const cover = covers.get(service);
    if (cover === undefined) return part;
    const journal = history.journal.filter(({ seq }) => hasRead(cover, seq));
    if (journal.length === history.journal.length) return part;
    const told = new Set(journal.map(({ reaction, id }) => `${reaction}\n${id}`));
    // A delivery was put off by a row of the journal as well; a deadline is armed without one.
    const isTold = ({ state, reaction, id }: Deferred) =>
      state === "armed" || told.has(`${reaction}\n${id}`);
    return { service, history: { ...history, journal, deferred: history.deferred.filter(isTold) } };
  });
}

function hasRead({ upTo, gaps }: Cover, seq: number): boolean {
  return seq <= upTo && !gaps.some(({ from, to }) => seq >= from && seq <= to);
}

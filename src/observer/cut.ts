import type { ServiceHistory } from "../observe/summary.ts";
import type { Deferred, DeferredState } from "../ports/deferred.ts";
import type { FeedPage } from "../ports/source.ts";

/** How far the feed of a service was read. */
export type Cover = Pick<FeedPage, "upTo" | "gaps">;

/** States that block nothing: only the row in the journal says that the delivery was handled. */
const SETTLED: readonly DeferredState[] = ["gathered", "answered", "discarded"];

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
    const handled = new Set(journal.map(({ reaction, id }) => `${reaction}\n${id}`));
    const isTold = ({ state, reaction, id }: Deferred) =>
      !SETTLED.includes(state) || handled.has(`${reaction}\n${id}`);
    return { service, history: { ...history, journal, deferred: history.deferred.filter(isTold) } };
  });
}

function hasRead({ upTo, gaps }: Cover, seq: number): boolean {
  return seq <= upTo && !gaps.some(({ from, to }) => seq >= from && seq <= to);
}

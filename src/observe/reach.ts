import type { StoreCounts } from "../ports/inspection.ts";
import type { Store } from "../ports/store.ts";

/** After this time an event counts as unheard, if nothing says that it is still on its way. */
export const UNHEARD_AFTER_MS = 60_000;

/**
 * What tells an event that is on its way from one that its hearer never got: the outboxes, and
 * which services run.
 */
export interface Reach {
  /** When this was read: milliseconds since 1970. */
  readonly now: number;
  /**
   * An event is given this many milliseconds from its outbox to its hearer: as long as the bus may
   * take, and as far as the clocks may differ.
   */
  readonly afterMs: number;
  /** By service. */
  readonly counts: ReadonlyMap<string, Pick<StoreCounts, "processes" | "outboxOldestMs">>;
}

/** A service whose database can be read. */
interface Counted {
  readonly service: string;
  readonly store: { readonly inspect: Pick<Store<unknown>["inspect"], "counts"> };
}

/**
 * Reads what `summarize` needs to tell an unheard event from one that is on its way. Read it before
 * the histories: an event that leaves its outbox in between would else look unheard.
 *
 * @param afterMs default: 60,000
 * @example
 * ```ts
 * import { hearersIn, reachOf, summarize } from "odori/observe";
 * import { sqlite } from "odori/sqlite";
 *
 * const store = sqlite("payment.db");
 * const hearers = [hearersIn("payment", await store.declarations.all())];
 * const reach = await reachOf([{ service: "payment", store }], Date.now());
 * for (const history of await store.inspect.histories(["o-1"]))
 *   console.log(summarize([{ service: "payment", history }], { hearers, reach })?.state);
 * ```
 */
export async function reachOf(
  stores: readonly Counted[],
  now: number,
  afterMs: number = UNHEARD_AFTER_MS,
): Promise<Reach> {
  const counts = await Promise.all(
    stores.map(async ({ service, store }) => [service, await store.inspect.counts()] as const),
  );
  return { now, afterMs, counts: new Map(counts) };
}

/**
 * Whether an event that a hearer has no row of will not come by itself: its hearer runs, and the
 * event left its outbox long ago. All that is older than the oldest row of an outbox has left it.
 */
export function hasPassed(
  { now, afterMs, counts }: Reach,
  emitter: string,
  hearer: string,
  at: number,
): boolean {
  const outbox = counts.get(emitter);
  if (outbox === undefined || counts.get(hearer)?.processes === 0) return false;
  return now - at > outbox.outboxOldestMs + afterMs;
}

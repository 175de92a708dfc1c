import { hearersIn } from "../observe/hearers.ts";
import { reachOf } from "../observe/reach.ts";
import {
  type SagaSummary,
  type ServiceHistory,
  type SummaryContext,
  summarize,
} from "../observe/summary.ts";
import type { SagaHistory, SagaPlace, SagaQuery } from "../ports/inspection.ts";
import { BEHIND_ALL, comparePlaces } from "../ports/saga-order.ts";
import type { Found } from "./data.ts";

/** A saga of a page, and its place: the next page begins before that of the last one. */
export interface ListedSaga {
  readonly place: SagaPlace;
  readonly summary: SagaSummary;
}

/** Sagas that are read at once. */
const PAGE = 250;

/** Reads what each service hears, as its newest version has declared it, and the outboxes. */
export async function contextOf(
  found: readonly Found[],
  ends: SummaryContext["ends"],
): Promise<SummaryContext> {
  const hearers = await Promise.all(
    found.map(async ({ service, store }) => hearersIn(service, await store.declarations.all())),
  );
  return { hearers, ends, reach: await reachOf(found, Date.now()) };
}

/**
 * Goes through the sagas of all services, the one that began last first, page by page. A saga that
 * several services have is one saga, at the latest of its places.
 */
export async function* sagaPages(
  found: readonly Found[],
  query: Omit<SagaQuery, "limit">,
  context: SummaryContext,
): AsyncGenerator<readonly ListedSaga[]> {
  for await (const places of placesOf(found, query)) {
    const parts = await historiesIn(
      found,
      places.map(({ sagaId }) => sagaId),
    );
    yield places.flatMap((place) => {
      const own = parts.get(place.sagaId) ?? [];
      if (own.some(({ history }) => isLater(history, place, query))) return [];
      const summary = summarize(own, context);
      return summary === undefined ? [] : [{ place, summary }];
    });
  }
}

/** Whether a saga was listed on an earlier page, where another service has it. */
function isLater(
  history: SagaHistory,
  place: SagaPlace,
  { before = BEHIND_ALL, among }: Omit<SagaQuery, "limit">,
): boolean {
  if (comparePlaces(history, place) <= 0 || comparePlaces(history, before) >= 0) return false;
  if (among === undefined) return true;
  if ("correlationId" in among) return history.correlationId === among.correlationId;
  return history.deferred.some(({ state }) => among.states.includes(state));
}

async function* placesOf(
  found: readonly Found[],
  { before = BEHIND_ALL, among }: Omit<SagaQuery, "limit">,
): AsyncGenerator<readonly SagaPlace[]> {
  for (let cursor = before; ; ) {
    const query = { before: cursor, limit: PAGE, among };
    const pages = await Promise.all(found.map(({ store }) => store.inspect.list(query)));
    // Behind the end of a full page, that service may have more.
    const ends = pages.flatMap((page) => (page.length < PAGE ? [] : (page.at(-1) ?? [])));
    const horizon = ends.sort(comparePlaces).at(-1);
    const latest = new Map<string, SagaPlace>();
    for (const place of pages.flat().sort(comparePlaces))
      if (horizon === undefined || comparePlaces(place, horizon) >= 0)
        latest.set(place.sagaId, place);
    yield [...latest.values()].sort((a, b) => comparePlaces(b, a));
    if (horizon === undefined) return;
    cursor = horizon;
  }
}

async function historiesIn(
  found: readonly Found[],
  sagaIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ServiceHistory[]>> {
  const parts = await Promise.all(
    found.map(async ({ service, store }) =>
      (await store.inspect.histories(sagaIds)).map((history) => ({ service, history })),
    ),
  );
  return Map.groupBy(parts.flat(), ({ history }) => history.sagaId);
}

/** Lists the sagas with a correlation id, the one that began last first, at most `limit`. */
export async function correlatedIds(
  found: readonly Found[],
  correlationId: string,
  limit: number,
): Promise<readonly string[]> {
  const ids = new Set<string>();
  for await (const places of placesOf(found, { among: { correlationId } })) {
    for (const { sagaId } of places) ids.add(sagaId);
    if (ids.size >= limit) break;
  }
  return [...ids].slice(0, limit);
}

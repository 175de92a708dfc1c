import type { Manifest } from "../manifest/manifest.ts";
import { BusWatch } from "../observe/bus-watch.ts";
import { type HearersOf, hearersIn } from "../observe/hearers.ts";
import type { Reach } from "../observe/reach.ts";
import {
  type SagaState,
  type SagaSummary,
  type ServiceHistory,
  type SummaryContext,
  summarize,
} from "../observe/summary.ts";
import { earlyIn } from "../observer/ledger.ts";
import { type DeclaredService, declaredServices, mayHavePart } from "../observer/observed.ts";
import type { SagaHistory, SagaPlace, SagaQuery } from "../ports/inspection.ts";
import { BEHIND_ALL, comparePlaces } from "../ports/saga-order.ts";
import type { Found } from "./data.ts";

/** A saga of a page, and its place: the next page begins before that of the last one. */
export interface ListedSaga {
  readonly place: SagaPlace;
  readonly summary: SagaSummary;
  readonly unread: ReadSaga["unread"];
}

/** Sagas that are read at once. */
const PAGE = 250;

/** States that say that nothing is on its way. */
const RESTING: readonly SagaState[] = ["waiting", "stuck", "rest"];

/** How long the services may take to say that the bus holds nothing more, in milliseconds. */
const SETTLE_MS = 10_000;

/** Summarizes sagas of services whose databases are read. */
export class SagaReader {
  readonly hearers: readonly HearersOf[];
  readonly #found: readonly Found[];
  readonly #ends: SummaryContext["ends"];
  readonly #unread: readonly DeclaredService[];
  readonly #watch = new BusWatch();
  #settled = false;

  private constructor(
    found: readonly Found[],
    hearers: readonly HearersOf[],
    choreography: Manifest | undefined,
  ) {
    this.#found = found;
    this.hearers = hearers;
    this.#ends = endsIn(choreography);
    const read = new Set(found.map(({ service }) => service));
    const declared = choreography === undefined ? [] : declaredServices(choreography);
    this.#unread = declared.filter(({ service }) => !read.has(service));
  }

  /**
   * Reads what each service hears, as its newest version has declared it, and the outboxes. Without
   * a choreography no end is known, nor which services are not read.
   */
  static async of(
    found: readonly Found[],
    choreography: Manifest | undefined,
  ): Promise<SagaReader> {
    const hearers = await Promise.all(
      found.map(async ({ service, store }) => hearersIn(service, await store.declarations.all())),
    );
    const reader = new SagaReader(found, hearers, choreography);
    await reader.#watch.look(found);
    return reader;
  }

  /** The services of the choreography whose databases are not read. */
  get unread(): readonly string[] {
    return this.#unread.map(({ service }) => service);
  }

  /** How far the clocks of the databases are from that of this process. */
  get clocks(): BusWatch["clocks"] {
    return this.#watch.clocks;
  }

  /** What every service has of some sagas. */
  async parts(sagaIds: readonly string[]): Promise<ReadonlyMap<string, readonly ServiceHistory[]>> {
    const read = await Promise.all(
      this.#found.map(async ({ service, store }) =>
        (await store.inspect.histories(sagaIds)).map((history) => ({ service, history })),
      ),
    );
    return Map.groupBy(read.flat(), ({ history }) => history.sagaId);
  }

  /**
   * Reads and summarizes some sagas. Where an event seems to be lost, waits once until the services
   * have asked the bus again, and reads again.
   */
  async read(sagaIds: readonly string[]): Promise<ReadonlyMap<string, ReadSaga>> {
    const before = await this.#goneOn(this.#summarized(await this.parts(sagaIds)));
    const suspects = [...before].flatMap(([id, { parts, summary }]) =>
      unheardIn(this.#summary(parts, this.#watch.suspicion)) > unheardIn(summary) ? [id] : [],
    );
    if (suspects.length === 0) return before;
    if (!this.#settled) await this.#watch.settle(this.#found, SETTLE_MS);
    this.#settled = true;
    return new Map([...before, ...this.#summarized(await this.parts(suspects))]);
  }

  /**
   * Reads sagas again that seem to rest with an event that was heard before it was read as emitted:
   * its emitter was read first, and has done more since.
   */
  async #goneOn(before: ReadonlyMap<string, ReadSaga>): Promise<ReadonlyMap<string, ReadSaga>> {
    const names = new Set(this.#found.map(({ service }) => `/${service}`));
    const isAhead = ({ parts, summary }: ReadSaga) =>
      RESTING.includes(summary.state) && earlyIn(parts, this.hearers, names).length > 0;
    const read = new Map(before);
    let ahead = [...before].filter(([, saga]) => isAhead(saga));
    while (ahead.length > 0) {
      const again = this.#summarized(await this.parts(ahead.map(([id]) => id)));
      // One that stays as it is has a cause that no database keeps any more.
      ahead = [...again].filter(
        ([id, saga]) => isAhead(saga) && saga.summary.steps > (read.get(id)?.summary.steps ?? 0),
      );
      for (const [id, saga] of again) read.set(id, saga);
    }
    return read;
  }

  #summarized(
    parts: ReadonlyMap<string, readonly ServiceHistory[]>,
  ): ReadonlyMap<string, ReadSaga> {
    const { reach } = this.#watch;
    return new Map(
      [...parts].flatMap(([id, own]) => {
        const summary = this.#summary(own, reach);
        if (summary === undefined) return [];
        const unread = this.#unreadIn(own, summary).map(({ service }) => service);
        return [[id, { parts: own, summary, unread }] as const];
      }),
    );
  }

  #summary(parts: readonly ServiceHistory[], reach: Reach): SagaSummary | undefined {
    const summary = summarize(parts, { hearers: this.hearers, ends: this.#ends, reach });
    if (summary === undefined || !RESTING.includes(summary.state)) return summary;
    // What is not there may be in a database that is not read.
    const goesOn = this.#unreadIn(parts, summary).some((one) => one.goesOn);
    return goesOn ? { ...summary, state: "running", rests: undefined } : summary;
  }

  /** What has ended does not need what others have of it. */
  #unreadIn(parts: readonly ServiceHistory[], { end }: SagaSummary): readonly DeclaredService[] {
    return end === undefined ? this.#unread.filter((one) => mayHavePart(one, parts)) : [];
  }
}

/** A saga as it was read. */
export interface ReadSaga {
  readonly parts: readonly ServiceHistory[];
  readonly summary: SagaSummary;
  /** Services of the choreography that may have a part in it, and whose databases are not read. */
  readonly unread: readonly string[];
}

/** How sagas end, if the choreography says so. */
export function endsIn(choreography: Manifest | undefined): SummaryContext["ends"] {
  if (choreography === undefined) return undefined;
  const { succeeds, fails } = choreography;
  return succeeds.length + fails.length === 0 ? undefined : { succeeds, fails };
}

function unheardIn(summary: SagaSummary | undefined): number {
  return summary?.open.filter(({ state }) => state === "unheard").length ?? 0;
}

/**
 * Goes through the sagas of all services, the one that began last first, page by page. A saga that
 * several services have is one saga, at the latest of its places.
 */
export async function* sagaPages(
  found: readonly Found[],
  query: Omit<SagaQuery, "limit">,
  reader: SagaReader,
): AsyncGenerator<readonly ListedSaga[]> {
  for await (const places of placesOf(found, query)) {
    const read = await reader.read(places.map(({ sagaId }) => sagaId));
    yield places.flatMap((place) => {
      const saga = read.get(place.sagaId);
      if (saga === undefined) return [];
      if (saga.parts.some(({ history }) => isLater(history, place, query))) return [];
      return [{ place, summary: saga.summary, unread: saga.unread }];
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

/** Lists the sagas with a correlation id, the one that began last first, at most `limit`. */
export function correlatedIds(
  found: readonly Found[],
  correlationId: string,
  limit: number,
): Promise<readonly string[]> {
  return firstIds(placesOf(found, { among: { correlationId } }), limit);
}

/** Lists the sagas of all services that began last, the last one first, at most `limit`. */
export function recentIds(found: readonly Found[], limit: number): Promise<readonly string[]> {
  return firstIds(placesOf(found, {}), limit);
}

async function firstIds(
  pages: AsyncGenerator<readonly SagaPlace[]>,
  limit: number,
): Promise<readonly string[]> {
  const ids = new Set<string>();
  for await (const places of pages) {
    for (const { sagaId } of places) ids.add(sagaId);
    if (ids.size >= limit) break;
  }
  return [...ids].slice(0, limit);
}

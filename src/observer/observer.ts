import type { FromHere } from "../check/from-here/from-here.ts";
import { hearersIn } from "../observe/hearers.ts";
import { Legality } from "../observe/legality.ts";
import { type ServiceHistory, type SummaryContext, summarize } from "../observe/summary.ts";
import type { FeedPage, JournalSource } from "../ports/source.ts";
import { accountsOf } from "./ledger.ts";
import type { Judged, Projection } from "./projection.ts";
import { sagaVerdict } from "./verdict.ts";

/** What an observer works with. */
export interface ObserverOptions {
  readonly sources: readonly JournalSource[];
  readonly projection: Projection;
  /** Foresees what may happen in a saga; without it no verdict looks ahead. */
  readonly fromHere?: FromHere | undefined;
  readonly ends?: SummaryContext["ends"];
  /**
   * Most rows of a page of each feed.
   * @default 1_000
   */
  readonly pageRows?: number;
}

/** A source, with what its service has declared. */
interface Observed {
  readonly source: JournalSource;
  readonly service: string;
  readonly legality: Legality;
}

const PAGE_ROWS = 1_000;
/** Sagas that are read at once. */
const SAGAS_AT_ONCE = 250;

/**
 * Follows the journals of several services into one projection. The feeds say which sagas have
 * changed; each of them is read as a whole and judged. So the order in which feeds are read does
 * not matter, nor how often a page is read.
 */
export class Observer {
  readonly #options: ObserverOptions;
  #observed: readonly Observed[] = [];
  #context: SummaryContext = { hearers: [] };

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /**
   * Reads what the sources have, to the end of each feed, and then the sagas in which something is
   * open: a person may have had a delivery retried, which no feed tells. Returns the rows read.
   */
  async catchUp(): Promise<number> {
    await this.#meet();
    let rows = 0;
    for (let more = true; more; ) {
      const read = await this.#readFeeds();
      rows += read.rows;
      more = read.more;
    }
    const { projection } = this.#options;
    for (let behind = "", open: readonly string[] = []; ; behind = open.at(-1) ?? "") {
      open = projection.openSagas(behind, SAGAS_AT_ONCE);
      if (open.length === 0) return rows;
      projection.apply({ sagas: await this.#judge(open), accounts: [], cursors: new Map() });
    }
  }

  async #meet(): Promise<void> {
    const met = await Promise.all(
      this.#options.sources.map(async (source) => ({ source, ...(await source.about()) })),
    );
    const { ends } = this.#options;
    this.#context = {
      ends,
      hearers: met.map(({ service, declarations }) => hearersIn(service, declarations)),
    };
    this.#observed = met.map(({ source, service, declarations }) => ({
      source,
      service,
      legality: new Legality(service, declarations),
    }));
  }

  /** Reads a page of each feed, and commits what follows from them with their cursors. */
  async #readFeeds(): Promise<{ readonly rows: number; readonly more: boolean }> {
    const { projection, pageRows = PAGE_ROWS } = this.#options;
    const pages: (readonly [Observed, FeedPage])[] = await Promise.all(
      this.#observed.map(async (one) => {
        const cursor = projection.cursor(one.service);
        return [one, await one.source.feed(cursor, pageRows)] as const;
      }),
    );
    const names = new Set(this.#observed.map(({ service }) => `/${service}`));
    const touched = new Set(
      pages.flatMap(([, { rows }]) => rows.map(({ sagaId }) => sagaId)).filter((id) => id !== ""),
    );
    const sagas: Judged[] = [];
    const ids = [...touched];
    for (let at = 0; at < ids.length; at += SAGAS_AT_ONCE)
      sagas.push(...(await this.#judge(ids.slice(at, at + SAGAS_AT_ONCE))));
    projection.apply({
      sagas,
      accounts: pages.flatMap(([{ service }, { rows }]) =>
        accountsOf(service, rows, this.#context.hearers, names),
      ),
      cursors: new Map(pages.map(([{ service }, { cursor }]) => [service, cursor])),
    });
    return {
      rows: pages.reduce((sum, [, { rows }]) => sum + rows.length, 0),
      more: pages.some(([, { more }]) => more),
    };
  }

  async #judge(ids: readonly string[]): Promise<readonly Judged[]> {
    const parts = await Promise.all(
      this.#observed.map(async ({ source, service }) =>
        (await source.inspect.histories(ids)).map((history) => ({ service, history })),
      ),
    );
    const sagas = Map.groupBy(parts.flat(), ({ history }) => history.sagaId);
    return [...sagas.values()].flatMap((own) => {
      const summary = summarize(own, this.#context);
      if (summary === undefined) return [];
      const outlook = hasGivenUp(own) ? this.#options.fromHere?.of(own, this.#read()) : undefined;
      const verdict = sagaVerdict({ summary, outlook, illegal: this.#isIllegal(own) });
      return [{ summary, verdict }];
    });
  }

  #read(): ReadonlySet<string> {
    return new Set(this.#observed.map(({ service }) => service));
  }

  #isIllegal(parts: readonly ServiceHistory[]): boolean {
    return parts.some(({ service, history }) => {
      const legality = this.#observed.find((one) => one.service === service)?.legality;
      return history.journal.some((record) => legality?.allows(record) === false);
    });
  }
}

/** A choreography that is proved is not doomed by itself: only such sagas are looked into. */
function hasGivenUp(parts: readonly ServiceHistory[]): boolean {
  return parts.some(
    ({ history }) =>
      history.deferred.some(({ state }) => state === "parked" || state === "answered") ||
      history.journal.some(({ disposition }) => disposition === "discarded"),
  );
}

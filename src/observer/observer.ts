import { setImmediate } from "node:timers/promises";
import { Mutex } from "../adapter/mutex.ts";
import type { FromHere } from "../check/from-here/from-here.ts";
import { type HearersOf, hearersIn } from "../observe/hearers.ts";
import { Legality } from "../observe/legality.ts";
import { type ServiceHistory, type SummaryContext, summarize } from "../observe/summary.ts";
import type { JournalRecord } from "../ports/journal.ts";
import type { FeedPage, JournalSource, SourceAbout } from "../ports/source.ts";
import { type Cover, cutAt } from "./cut.ts";
import { accountsOf, earlyIn } from "./ledger.ts";
import { passagesOf } from "./passages.ts";
import type { Projection } from "./projection.ts";
import { type Judged, parkedIn } from "./saga-rows.ts";
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
   * @default 4_000
   */
  readonly pageRows?: number;
}

/** A source, with what its service has declared. */
interface Observed {
  readonly source: JournalSource;
  readonly about: SourceAbout;
  readonly service: string;
  readonly hearers: HearersOf;
  readonly legality: Legality;
}

/** What one call has read. */
export interface FeedsRead {
  readonly rows: number;
  /** Whether a feed may have more now. */
  readonly more: boolean;
  /** Whether each feed was read to its end. */
  readonly complete: boolean;
}

/** Feeds go on side by side: with large pages most sagas are read once, with all their rows. */
const PAGE_ROWS = 4_000;
/** Sagas that are read at once. */
const SAGAS_AT_ONCE = 250;

/**
 * Follows the journals of several services into one projection. The feeds say which sagas have
 * changed; each of them is read as a whole and judged. So the order in which feeds are read does
 * not matter, nor how often a page is read.
 */
export class Observer {
  readonly #options: ObserverOptions;
  /** A saga that is read later is written later: an older look never replaces a newer one. */
  readonly #writing = new Mutex();
  #observed: readonly Observed[] = [];
  #covers: ReadonlyMap<string, Cover> = new Map();
  #failed = "";
  #context: SummaryContext = { hearers: [] };

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** What the services hear, as of the last page that was read. */
  get context(): SummaryContext {
    return this.#context;
  }

  /** The service that could not be read last; "" if its name is not known yet. */
  get failed(): string {
    return this.#failed;
  }

  /** What the services have declared, in the order of the sources, as of the last page. */
  get abouts(): readonly SourceAbout[] {
    return this.#observed.map(({ about }) => about);
  }

  /** The source of a service; undefined if none is observed, or none was read yet. */
  sourceOf(service: string): JournalSource | undefined {
    return this.#observed.find((one) => one.service === service)?.source;
  }

  /** Whether a row is one that some version of its service could have written. */
  isDeclared(service: string, record: JournalRecord): boolean {
    const legality = this.#observed.find((one) => one.service === service)?.legality;
    return legality?.allows(record) !== false;
  }

  /**
   * Reads what the sources have, to the end of each feed, and then the sagas in which something is
   * open: a person may have had a delivery retried, which no feed tells. Returns the rows read.
   */
  async catchUp(): Promise<number> {
    let rows = 0;
    for (let more = true; more; ) {
      const read = await this.readFeeds();
      rows += read.rows;
      more = read.more;
    }
    const { projection } = this.#options;
    for (let behind = "", open: readonly string[] = []; ; behind = open.at(-1) ?? "") {
      open = projection.openSagas(behind, SAGAS_AT_ONCE);
      if (open.length === 0) return rows;
      await this.look(open);
    }
  }

  /** Reads some sagas again. */
  look(ids: readonly string[]): Promise<void> {
    return this.#writing.run(() => this.#look(ids));
  }

  async #look(ids: readonly string[]): Promise<void> {
    if (this.#covers.size === 0) await this.#readFeeds();
    const { judged } = await this.judge(ids, this.#covers);
    this.#options.projection.apply({
      ...{ sagas: judged, accounts: [], passages: [] },
      cursors: new Map(),
    });
  }

  async #meet(): Promise<void> {
    const met = await Promise.all(
      this.#options.sources.map(async (source, at) => {
        const known = this.#observed[at]?.service ?? "";
        return { source, about: await this.#of(known, () => source.about()) };
      }),
    );
    const { ends } = this.#options;
    this.#observed = met.map(({ source, about }) => {
      const known = this.#observed.find((one) => one.source === source);
      return known !== undefined && isSame(known.about, about) ? known : observed(source, about);
    });
    this.#context = { ends, hearers: this.#observed.map(({ hearers }) => hearers) };
  }

  /** Reads a page of each feed, and commits what follows from them with their cursors. */
  readFeeds(): Promise<FeedsRead> {
    return this.#writing.run(() => this.#readFeeds());
  }

  async #readFeeds(): Promise<FeedsRead> {
    const { projection, pageRows = PAGE_ROWS } = this.#options;
    if (this.#observed.length === 0) await this.#meet();
    const pages: (readonly [Observed, FeedPage, string | undefined])[] = await Promise.all(
      this.#observed.map(async (one) => {
        const cursor = projection.cursor(one.service);
        const page = await this.#of(one.service, () => one.source.feed(cursor, pageRows));
        return [one, page, cursor] as const;
      }),
    );
    const rows = pages.reduce((sum, [, page]) => sum + page.rows.length, 0);
    const more = pages.some(([, page]) => page.more);
    const complete = pages.every(([, page]) => page.complete);
    // A version declares itself before it writes: read afterwards, no row's version is missing.
    await this.#meet();
    const names = new Set(this.#observed.map(({ service }) => `/${service}`));
    const touched = new Set(pages.flatMap(([, page]) => page.rows.map(({ sagaId }) => sagaId)));
    touched.delete("");
    const covers = new Map(pages.map(([{ service }, { upTo, gaps }]) => [service, { upTo, gaps }]));
    const sagas: Judged[] = [];
    const histories = new Map<string, readonly ServiceHistory[]>();
    const ids = [...touched];
    for (let at = 0; at < ids.length; at += SAGAS_AT_ONCE) {
      // SQLite answers at once: without a turn, no request would have its own.
      await setImmediate();
      const { judged, parts } = await this.judge(ids.slice(at, at + SAGAS_AT_ONCE), covers);
      sagas.push(...judged);
      for (const [id, own] of parts) histories.set(id, own);
    }
    const { hearers } = this.#context;
    const applied = projection.apply(
      {
        sagas,
        accounts: pages.flatMap(([{ service }, page]) =>
          accountsOf(service, page.rows, hearers, names),
        ),
        passages: pages.flatMap(([{ service }, page]) => passagesOf(service, page.rows, histories)),
        cursors: new Map(pages.map(([{ service }, { cursor }]) => [service, cursor])),
      },
      new Map(pages.map(([{ service }, , cursor]) => [service, cursor])),
    );
    if (!applied) return { rows: 0, more: true, complete: false };
    this.#covers = covers;
    return { rows, more, complete };
  }

  /** Reads sagas as a whole, and judges them as they are, or as they were when feeds were read. */
  async judge(ids: readonly string[], covers?: ReadonlyMap<string, Cover>) {
    if (this.#observed.length === 0) await this.#meet();
    const observed = new Set(this.#observed.map(({ service }) => `/${service}`));
    const read = await Promise.all(
      this.#observed.map(async ({ source, service }) =>
        (await this.#of(service, () => source.inspect.histories(ids))).map((history) => ({
          ...{ service, history },
        })),
      ),
    );
    const parts = Map.groupBy(read.flat(), ({ history }) => history.sagaId);
    const judged = [...parts.values()].flatMap((whole): readonly Judged[] => {
      const own = covers === undefined ? whole : cutAt(whole, covers);
      const summary = summarize(own, this.#context);
      if (summary === undefined) return [];
      const outlook = hasGivenUp(own) ? this.#options.fromHere?.of(own, this.#read()) : undefined;
      const verdict = sagaVerdict({ summary, outlook, illegal: this.#isIllegal(own) });
      const early = earlyIn(own, this.#context.hearers, observed);
      return [{ summary, verdict, parked: parkedIn(own), early }];
    });
    return { judged, parts };
  }

  /** Reads from a source, and remembers which one could not be read. */
  async #of<T>(service: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#failed = service;
      throw error;
    }
  }

  #read(): ReadonlySet<string> {
    return new Set(this.#observed.map(({ service }) => service));
  }

  #isIllegal(parts: readonly ServiceHistory[]): boolean {
    return parts.some(({ service, history }) =>
      history.journal.some((record) => !this.isDeclared(service, record)),
    );
  }
}

function observed(source: JournalSource, about: SourceAbout): Observed {
  const { service, declarations } = about;
  const hearers = hearersIn(service, declarations);
  return { source, about, service, hearers, legality: new Legality(service, declarations) };
}

/** Whether a service has declared nothing new, and no version has taken the place of the last. */
function isSame(a: SourceAbout, b: SourceAbout): boolean {
  const text = ({ service, declarations }: SourceAbout) =>
    [
      service,
      ...declarations.map(({ fingerprint, firstAt }) => `${fingerprint} ${firstAt}`),
    ].join();
  return text(a) === text(b);
}

/** A choreography that is proved is not doomed by itself: only such sagas are looked into. */
function hasGivenUp(parts: readonly ServiceHistory[]): boolean {
  return parts.some(
    ({ history }) =>
      history.deferred.some(({ state }) => state === "parked" || state === "answered") ||
      history.journal.some(({ disposition }) => disposition === "discarded"),
  );
}

import { setImmediate } from "node:timers/promises";
import { Mutex } from "../adapter/mutex.ts";
import type { BusWatch } from "../observe/bus-watch.ts";
import type { Reach } from "../observe/reach.ts";
import type { SummaryContext } from "../observe/summary.ts";
import type { StoreCounts } from "../ports/inspection.ts";
import type { JournalRecord } from "../ports/journal.ts";
import type { FeedPage, JournalSource, SourceAbout } from "../ports/source.ts";
import {
  Attendance,
  type AwaySource,
  type Present,
  type RollCall,
  SourceAway,
} from "./attendance.ts";
import { type Cover, cutAt } from "./cut.ts";
import { type AccountLine, accountsOf, EARLY_MS } from "./ledger.ts";
import { Looks, settledFor } from "./looks.ts";
import { declaredServices, type Observed } from "./observed.ts";
import type { ObserverOptions } from "./observer-options.ts";
import { passagesOf } from "./passages.ts";
import { type Foresee, SagaJudge } from "./saga-judge.ts";
import type { Judged } from "./saga-rows.ts";
import { Told } from "./told.ts";
import { type RoundRows, type SagaParts, ToldSagas } from "./told-sagas.ts";
import { Writers } from "./writers.ts";

/** What one call has read. */
export interface FeedsRead {
  readonly rows: number;
  /** Whether a feed may have more now. */
  readonly more: boolean;
  /** Whether each feed was read to its end. */
  readonly complete: boolean;
}

/** How sagas are judged. */
interface Judging {
  /** How far each feed was read. Absent: as the sagas are now. */
  readonly covers?: ReadonlyMap<string, Cover>;
  /** What was known of the buses. Absent: what is known of them now. */
  readonly reach?: Reach | undefined;
  /** When the feeds were read, and which of them to their end. Absent: now, and all. */
  readonly at?: number;
  readonly ended?: ReadonlySet<string>;
  /** In the place of the observer's own. */
  readonly foresee?: Foresee | undefined;
}

type LastRound = Judging & Required<Pick<Judging, "covers" | "ended">>;

/** With large pages most sagas are told at once, with all their rows. */
const PAGE_ROWS = 4_000;
const REPLY_MS = 15_000;
/** Sagas that are read at once. */
const SAGAS_AT_ONCE = 250;

/**
 * Follows the journals of several services into one projection. The feeds say which sagas have
 * changed; each of them is judged as a whole, with all that the feeds have told of it. So the order
 * in which feeds are read does not matter, nor how often a page is read.
 */
export class Observer {
  readonly writers = new Writers();
  readonly #options: ObserverOptions;
  readonly #attendance: Attendance;
  /** A saga that is read later is written later: an older look never replaces a newer one. */
  readonly #writing = new Mutex();
  readonly #looks: Looks;
  readonly #told = new ToldSagas();
  readonly #now: () => number;
  /** How far feeds were read in the last round, when, and what was known of the buses before. */
  #last: LastRound = { covers: new Map(), ended: new Set() };
  #met = false;
  #change = 0;
  /** Services that some saga was judged without, and is not judged again yet. */
  #judgedWithout: ReadonlySet<string> = new Set();

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { sources, projection, choreography, replyMs = REPLY_MS } = options;
    const remembered = projection.abouts();
    const declared = choreography === undefined ? [] : declaredServices(choreography);
    this.#attendance = new Attendance({ sources, remembered, declared, now: this.#now, replyMs });
    this.#looks = new Looks(this.#attendance, this.#now, options.buses);
  }

  /** What the services hear, as of the last page that was read. */
  get context(): SummaryContext {
    return { ends: this.#options.ends, hearers: this.#attendance.hearers };
  }

  /** The sources that cannot be read now. */
  get away(): readonly AwaySource[] {
    return this.#attendance.away;
  }

  /** The services of the choreography of which no source was named. */
  get unnamed(): readonly string[] {
    return this.#attendance.unnamed.map(({ service }) => service);
  }

  /** What the services have declared, in the order of the sources, as of the last page. */
  get abouts(): readonly SourceAbout[] {
    return this.#attendance.known.map(({ about }) => about);
  }

  /** Services of which more may have happened than is known; "" if one is not known at all. */
  get unsure(): readonly string[] {
    const behind = this.#behind().map(({ service }) => service);
    return [...new Set([...this.#attendance.missingAt(() => true), ...behind])];
  }

  /** The services that cannot be read, on which the account of an event at a reaction depends. */
  missingFor({ stem, service: hearer }: Pick<AccountLine, "stem" | "service">): readonly string[] {
    const concerns = ({ service, emits }: Observed) => service === hearer || emits.has(stem);
    const missing = this.#attendance.missingAt(concerns);
    // One that has just come back has events to tell that others have handled long ago, and sagas
    // wait to be judged with it.
    const behind = this.#attendance.present.filter(
      ({ service }) => !this.#last.ended.has(service) || this.#judgedWithout.has(service),
    );
    return [...missing, ...behind.filter(concerns).map(({ service }) => service)];
  }

  /** What does the reading. */
  get reads(): "files" | "servers" {
    return this.#options.sources.some(({ isServed }) => isServed === true) ? "servers" : "files";
  }

  /** What the buses cannot hold any more, as of the last look. */
  get reach(): Reach | undefined {
    return this.#looks.reach;
  }

  /** By service: what its store has told last. */
  get counts(): ReadonlyMap<string, StoreCounts> {
    return this.#looks.counts;
  }

  /** Number of the last change of the projection that has come of reading. */
  get change(): number {
    return this.#change;
  }

  /** The buses that services do not hear. */
  get lostBuses(): BusWatch["lost"] {
    return this.#looks.watch.lost;
  }

  /** How far the clocks of the databases are from that of this process. */
  get clocks(): BusWatch["clocks"] {
    return this.#looks.watch.clocks;
  }

  /** Looks at outboxes and buses, unless that has just been done. */
  async lookAtBuses(): Promise<void> {
    await this.#meet();
    await this.#looks.look();
  }

  /** The source of a service; undefined if none is observed, or it cannot be read now. */
  sourceOf(service: string): JournalSource | undefined {
    return this.#attendance.present.find((one) => one.service === service)?.source;
  }

  /** Whether a row is one that some version of its service could have written. */
  isDeclared(service: string, record: JournalRecord): boolean {
    const legality = this.#attendance.known.find((one) => one.service === service)?.legality;
    return legality?.allows(record) !== false;
  }

  /**
   * Reads what the sources have, to the end of each feed, and then the sagas in which something is
   * open: a person may have had a delivery retried, which no feed tells. Returns the rows read.
   * Throws the error of a source that cannot be read.
   */
  async catchUp(): Promise<number> {
    let rows = 0;
    for (let more = true; more; ) {
      const read = await this.readFeeds();
      this.#attendance.checkComplete();
      rows += read.rows;
      more = read.more;
    }
    const [{ projection }, now, most] = [this.#options, this.#now(), SAGAS_AT_ONCE];
    await this.#lookAll((behind) => projection.openSagas(behind, most));
    await this.#lookAll((behind) => projection.causelessSagas(now, behind, most));
    return rows;
  }

  async #lookAll(next: (behind: string) => readonly string[]): Promise<void> {
    for (let ids = next(""); ids.length > 0; ids = next(ids.at(-1) ?? "")) await this.look(ids);
  }

  /** Reads some sagas again. */
  look(ids: readonly string[]): Promise<void> {
    return this.#writing.run(() => this.#look(ids));
  }

  async #look(ids: readonly string[]): Promise<void> {
    const isCovered = ({ service }: Present) => this.#last.covers.has(service);
    if (!this.#attendance.present.every(isCovered)) await this.#readFeeds();
    // Without one of the feeds, nothing says what of its part has been told.
    if (!this.#attendance.present.every(isCovered)) return;
    const { judged } = await this.judge(ids, this.#last);
    const { projection } = this.#options;
    // What is parked is read again each round, mostly to find it as it was.
    const before = JSON.stringify(projection.rowsOf(ids));
    projection.apply({ sagas: judged, accounts: [], passages: [], places: [] });
    if (JSON.stringify(projection.rowsOf(ids)) !== before) this.#change++;
    this.#judgedWithout = projection.unreadServices();
  }

  /** Whether a source has come back since the last call: sagas can be judged with it now. */
  takeReturned(): boolean {
    return this.#attendance.takeReturned();
  }

  /**
   * Reads a page of each feed, and commits what follows from them with their cursors. A source that
   * cannot be read is left out.
   */
  readFeeds(): Promise<FeedsRead> {
    return this.#writing.run(() => this.#readFeeds());
  }

  async #readFeeds(): Promise<FeedsRead> {
    try {
      return await this.#round();
    } catch (error) {
      // What was read without this source would be judged as if it were there: begin again.
      if (error instanceof SourceAway) return { rows: 0, more: true, complete: false };
      throw error;
    }
  }

  async #round(): Promise<FeedsRead> {
    const { projection, pageRows = PAGE_ROWS } = this.#options;
    const attendance = this.#attendance;
    const at = this.#now();
    await this.#meet();
    if (attendance.isAnotherSet(projection.services())) projection.reset();
    const call = attendance.call();
    const { reach } = this;
    const pages = await Promise.all(
      call.present.map(async (one): Promise<readonly [Present, FeedPage, string | undefined]> => {
        const cursor = projection.cursor(one.service);
        const page = await attendance.read(one, (source) => source.feed(cursor, pageRows));
        return [one, page, cursor];
      }),
    );
    const rows = pages.reduce((sum, [, page]) => sum + page.rows.length, 0);
    const more = pages.some(([, page]) => page.more);
    // A version declares itself before it writes: read afterwards, no row's version is missing.
    await attendance.meet();
    const covers = new Map(pages.map(([{ service }, { upTo, gaps }]) => [service, { upTo, gaps }]));
    const ended = new Set(pages.flatMap(([{ service }, page]) => (page.complete ? service : [])));
    const judging = { reach: reach && settledFor(reach, ended), at, ended };
    const round: RoundRows = {
      rows: new Map(pages.map(([{ service }, page]) => [service, page.rows])),
      from: new Map(pages.map(([{ service }, , cursor]) => [service, cursor])),
    };
    const { sagas, histories, cut } = await this.#touched(round, covers, call, judging);
    const told = new Told(cut, round.rows);
    const counting = { hearers: this.context.hearers, observed: this.#names(), told };
    const { far } = this.clocks;
    const aheadMs = (service: string) => far.get(service) ?? 0;
    const heldAs = projection.putOff(histories.keys());
    const aboutOf = new Map(attendance.known.map(({ service, about }) => [service, about]));
    const applied = projection.apply(
      {
        sagas,
        accounts: pages.flatMap(([{ service }, { rows }]) => accountsOf(service, rows, counting)),
        passages: pages.flatMap(([{ service }, page]) =>
          passagesOf(service, page.rows, histories, aheadMs, heldAs),
        ),
        places: pages.map(([{ service, about }, { cursor }]) => ({
          ...{ cursor, about: aboutOf.get(service) ?? about },
        })),
      },
      round.from,
    );
    if (!applied) return { rows: 0, more: true, complete: false };
    if (rows > 0) this.#change++;
    for (const [{ service }, page] of pages) this.writers.note(service, page.rows);
    const ends = new Map(pages.map(([{ service }, { cursor }]) => [service, cursor]));
    this.#told.keep(cut, attendance.known, { upTo: ends, at });
    this.#judgedWithout = projection.unreadServices();
    this.#last = { covers, ...judging };
    const complete = ended.size === pages.length && attendance.away.length === 0;
    return { rows, more, complete };
  }

  /** Judges the sagas that the rows of a round are about. */
  async #touched(
    round: RoundRows,
    covers: ReadonlyMap<string, Cover>,
    call: RollCall,
    judging: Judging,
  ) {
    const { projection } = this.#options;
    const { known } = this.#attendance;
    // What one that cannot be read has told earlier is not all that it has.
    if (!call.isComplete) this.#told.forget();
    const { whole, unread } = this.#told.take(round, known, (born) => projection.met(born));
    const histories = new Map(whole);
    const cut = new Map(whole);
    const sagas: Judged[] = [];
    for (const some of slices([...whole.keys()])) {
      // Without a turn, no request would have its own.
      await setImmediate();
      sagas.push(...(await this.#judged(some, whole, judging, call)));
    }
    for (const some of slices(unread)) {
      await setImmediate();
      const parts = await this.#attendance.histories(some, call);
      for (const [id, own] of parts) {
        histories.set(id, own);
        cut.set(id, cutAt(own, covers));
      }
      sagas.push(...(await this.#judged(some, cut, judging, call)));
    }
    return { sagas, histories, cut };
  }

  /** Reads sagas as a whole, and judges them as they are, or as they were when feeds were read. */
  async judge(ids: readonly string[], { covers, reach = this.reach, ...judging }: Judging = {}) {
    await this.#meet();
    for (;;)
      try {
        const call = this.#attendance.call();
        const parts = await this.#attendance.histories(ids, call);
        const cut =
          covers && new Map([...parts].map(([id, own]) => [id, cutAt(own, covers)] as const));
        const judged = await this.#judged(ids, cut ?? parts, { reach, ...judging }, call);
        return { judged, parts };
      } catch (error) {
        // With one source less.
        if (!(error instanceof SourceAway)) throw error;
      }
  }

  async #judged(
    ids: readonly string[],
    parts: ReadonlyMap<string, SagaParts>,
    { reach, ...judging }: Judging,
    call: RollCall,
  ): Promise<readonly Judged[]> {
    // Of one that is not read now, nothing says what it has handled since.
    const present = new Set(call.present.map(({ service }) => service));
    const judge = this.#judgeWith({ ...judging, reach: reach && settledFor(reach, present) });
    const judged: Judged[] = [];
    for (const id of ids) {
      const own = parts.get(id) ?? [];
      const one = await judge.judge(own, call.notReadIn(own));
      if (one !== undefined) judged.push(one);
    }
    return judged;
  }

  #judgeWith({ reach, foresee, at = this.#now(), ended }: Judging): SagaJudge {
    const { ends, foresee: own } = this.#options;
    const { far } = this.clocks;
    // Feeds that were read long ago have not told what has come of it since.
    const since = at - EARLY_MS;
    return new SagaJudge(this.#attendance.known, {
      ...{ ends, foresee: own && (foresee ?? own), reach },
      mayBeTold: ({ emitter, service, at }) =>
        ended?.has(emitter) === false || at - (far.get(service) ?? 0) > since,
    });
  }

  /** Asks the sources who they are, unless that is known. */
  async #meet(): Promise<void> {
    if (!this.#met) await this.#attendance.meet();
    this.#met = true;
  }

  /** Services that can be read, and may have more in their feeds than was read. */
  #behind(): readonly Present[] {
    return this.#attendance.present.filter(({ service }) => !this.#last.ended.has(service));
  }

  #services(): readonly string[] {
    return this.#attendance.known.map(({ service }) => service);
  }

  /** How the services that are observed are named as sources of events. */
  #names(): ReadonlySet<string> {
    return new Set(this.#services().map((service) => `/${service}`));
  }
}

function* slices(ids: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < ids.length; at += SAGAS_AT_ONCE) yield ids.slice(at, at + SAGAS_AT_ONCE);
}

import { stemOf } from "../contract/grammar.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import type { Disposition, JournalRecord } from "../ports/journal.ts";
import type { FeedRow } from "../ports/source.ts";
import type { Observed } from "./observed.ts";
import { emissionsIn } from "./told.ts";

/** What the services have of a saga. */
export type SagaParts = readonly ServiceHistory[];

/** What feeds have told in one round. */
export interface RoundRows {
  /** The rows of each service. */
  readonly rows: ReadonlyMap<string, readonly FeedRow[]>;
  /** Where the feed of each service was before them. */
  readonly from: ReadonlyMap<string, string | undefined>;
}

/**
 * Finds sagas of which an earlier round may have told a row. By id, with the time when it began if
 * its beginning is among the rows of this round.
 */
export type FindMet = (began: ReadonlyMap<string, number | undefined>) => ReadonlySet<string>;

/** A saga as the feeds have told it, and when. */
interface Kept {
  readonly parts: SagaParts;
  readonly at: number;
  readonly weight: number;
}

/** The sagas that the rows of a round are about. */
interface RoundSagas {
  /** Each as all feeds have told it, with the rows of this round. */
  readonly whole: ReadonlyMap<string, SagaParts>;
  /** Sagas that have to be read. */
  readonly unread: readonly string[];
}

/** Rows and emissions that are kept of sagas for the next rounds: about 60 MB. */
const KEPT_MAX = 100_000;
/** Of one saga: one that is larger would drive out all others. */
const KEPT_OF_ONE_MAX = KEPT_MAX / 10;
/** No service forgets a saga as soon after its last row. */
const KEPT_MS = 60_000;
/** What leaves no deferred delivery that is open. */
const SETTLED: ReadonlySet<Disposition> = new Set([
  ...(["done", "refused", "undone", "barred", "suppressed", "late", "begun"] as const),
]);

/**
 * Puts sagas together from what feeds tell. Most are told as a whole, within a round or two: such a
 * saga need not be read from its services once more. One is read if rows of earlier rounds are not
 * kept, and if it may have deferred deliveries, which no feed tells.
 */
export class ToldSagas {
  /** As the feeds have told them; the one that was told last comes last. */
  readonly #kept = new Map<string, Kept>();
  #weight = 0;
  #upTo: ReadonlyMap<string, string> = new Map();

  /** Takes the rows of a round. Nothing of them is kept until `keep`. */
  take({ rows, from }: RoundRows, services: readonly Observed[], findMet: FindMet): RoundSagas {
    // Otherwise the round before came to nothing, or another process has read on.
    const isNext = [...from].every(([service, cursor]) => this.#upTo.get(service) === cursor);
    if (!isNext) this.forget();
    const told = sagasIn(rows);
    const fresh = [...told].filter(([id]) => !this.#kept.has(id));
    const met = findMet(new Map(fresh.map(([id, parts]) => [id, beginningIn(parts)])));
    const arms = armsOf(services);
    const names = new Set(services.map(({ service }) => `/${service}`));
    const order = new Map(services.map(({ service }, at) => [service, at]));
    const whole = new Map<string, SagaParts>();
    const unread: string[] = [];
    for (const [id, parts] of told) {
      const all = met.has(id) ? undefined : withRows(this.#kept.get(id)?.parts ?? [], parts, order);
      if (all !== undefined && isSettled(all, arms) && hasCauses(all, names)) whole.set(id, all);
      else unread.push(id);
    }
    return { whole, unread };
  }

  /**
   * Keeps sagas as a round has told them, which is written now.
   *
   * @param upTo where the feeds of the round ended
   * @param at when they were read: milliseconds since 1970
   */
  keep(
    sagas: ReadonlyMap<string, SagaParts>,
    services: readonly Observed[],
    { upTo, at }: { readonly upTo: ReadonlyMap<string, string>; readonly at: number },
  ): void {
    const arms = armsOf(services);
    for (const [id, parts] of sagas) {
      this.#drop(id);
      const weight = sizeOf(parts);
      if (weight > KEPT_OF_ONE_MAX || !isSettled(parts, arms)) continue;
      this.#kept.set(id, { parts, at, weight });
      this.#weight += weight;
    }
    for (const [id, kept] of this.#kept) {
      if (this.#weight <= KEPT_MAX && Math.abs(at - kept.at) <= KEPT_MS) break;
      this.#drop(id);
    }
    this.#upTo = upTo;
  }

  /** Keeps nothing of what was told. */
  forget(): void {
    this.#kept.clear();
    this.#weight = 0;
    this.#upTo = new Map();
  }

  #drop(id: string): void {
    this.#weight -= this.#kept.get(id)?.weight ?? 0;
    this.#kept.delete(id);
  }
}

function sizeOf(parts: SagaParts): number {
  const rows = parts.flatMap(({ history }) => history.journal);
  return rows.reduce((sum, { emitted }) => sum + 1 + emitted.length, 0);
}

/** When a saga began, if that is told. */
function beginningIn(parts: SagaParts): number | undefined {
  const begun = ({ history }: ServiceHistory) =>
    history.journal.some(({ disposition }) => disposition === "begun");
  return parts.some(begun) ? Math.min(...parts.map(({ history }) => history.born)) : undefined;
}

/** The sagas of some rows. */
function sagasIn(rows: ReadonlyMap<string, readonly FeedRow[]>): ReadonlyMap<string, SagaParts> {
  const sagas = new Map<string, ServiceHistory[]>();
  for (const [service, list] of rows)
    for (const [sagaId, own] of Map.groupBy(list, (row) => row.sagaId)) {
      if (sagaId === "") continue;
      const parts = sagas.get(sagaId) ?? [];
      sagas.set(sagaId, parts);
      // What the store has forgotten began at no time that is known.
      const facts = own.at(-1)?.saga ?? { born: Number.NaN, last: 0, correlationId: sagaId };
      const journal = own.toSorted(inOrder);
      parts.push({ service, history: { sagaId, ...facts, journal, deferred: [] } });
    }
  return sagas;
}

/**
 * The parts of a saga in the order of their services. Undefined if the rows of a service are of two
 * sagas with one id, or one is forgotten.
 */
function withRows(
  before: SagaParts,
  now: SagaParts,
  order: ReadonlyMap<string, number>,
): SagaParts | undefined {
  const all = new Map(before.map((part) => [part.service, part]));
  for (const part of now) {
    const { service, history } = part;
    const known = all.get(service);
    if ((known?.history.born ?? history.born) !== history.born) return undefined;
    all.set(service, known === undefined ? part : { service, history: merged(known, part) });
  }
  const placeOf = ({ service }: ServiceHistory) => order.get(service) ?? 0;
  return [...all.values()].sort((a, b) => placeOf(a) - placeOf(b));
}

/** A row that was written again takes the place of its former self. */
function merged({ history: before }: ServiceHistory, { history: now }: ServiceHistory) {
  const again = new Set(now.journal.map(keyOf));
  const former = before.journal.filter((row) => !again.has(keyOf(row)));
  return { ...now, journal: [...former, ...now.journal].sort(inOrder) };
}

function keyOf({ reaction, source, id, type }: JournalRecord): string {
  return JSON.stringify([reaction, stemOf(type), source, id]);
}

function inOrder(a: JournalRecord, b: JournalRecord): number {
  return a.at - b.at || a.seq - b.seq;
}

function armsOf(services: readonly Observed[]): ReadonlyMap<string, Observed["arms"]> {
  return new Map(services.map(({ service, arms }) => [service, arms]));
}

/** Whether a saga has nothing that was put off, and no deadline. */
function isSettled(parts: SagaParts, arms: ReadonlyMap<string, Observed["arms"]>): boolean {
  return parts.every(({ service, history }) => {
    const armedBy = arms.get(service);
    if (armedBy === undefined || history.deferred.length > 0) return false;
    const mayArm = (type: string) => armedBy.size > 0 && armedBy.has(stemOf(type));
    const ended = new Set<string>();
    for (const row of history.journal) if (SETTLED.has(row.disposition)) ended.add(row.reaction);
    // What a join keeps may become a retry, of which no row tells, until the join has fired.
    const hasEnded = ({ disposition, reaction }: JournalRecord) =>
      SETTLED.has(disposition) || (disposition === "gathered" && ended.has(reaction));
    return history.journal.every(
      (row) =>
        hasEnded(row) && !mayArm(row.type) && !row.emitted.some((event) => mayArm(event.type)),
    );
  });
}

/** Whether each event that was heard from an observed service is known to have been emitted. */
function hasCauses(parts: SagaParts, observed: ReadonlySet<string>): boolean {
  const emitted = emissionsIn(parts);
  return parts.every(({ history }) =>
    history.journal.every(({ id, source }) => emitted.has(id) || !observed.has(source)),
  );
}

import { stemOf } from "../contract/grammar.ts";
import type { Hearer, HearersOf } from "../observe/hearers.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import type { Disposition, JournalRecord } from "../ports/journal.ts";
import { emissionsIn, type Told } from "./told.ts";

/** Rows that a feed adds to the account of one event at one reaction. */
export interface Account {
  readonly stem: string;
  readonly service: string;
  readonly reaction: string;
  readonly emitted: number;
  readonly handled: number;
  /** Closed by a person, without being handled. */
  readonly discarded: number;
}

/** The account of one event at one reaction, with what is open of it. */
export interface AccountLine extends Account {
  /** Retrying, waiting, or parked. */
  readonly putOff: number;
  /** In an outbox, or on the bus. */
  readonly onItsWay: number;
  /** Handled or put off, though the feed of the emitter has not told of the event yet. */
  readonly early: number;
}

/** Deliveries that neither their journal nor what is open explains; 0 if all are accounted for. */
export function unexplained(line: Omit<AccountLine, "stem" | "service" | "reaction">): number {
  const { emitted, handled, discarded, putOff, onItsWay, early } = line;
  return emitted - handled - discarded - putOff - onItsWay + early;
}

const OPEN_ENDED: readonly Disposition[] = ["retrying", "waiting", "parked"];

/** What is known when rows are counted. */
export interface Counting {
  readonly hearers: readonly HearersOf[];
  /** How the observed services are named as sources. */
  readonly observed: ReadonlySet<string>;
  readonly told: Told;
}

/**
 * Counts what the rows of one service's feed emit, once for each reaction that hears it, and which
 * deliveries they end. An event of a source that is not observed is not counted.
 *
 * A reaction that came later than an event never gets it, unless the event is published again. So
 * such an event is counted at its emission or at the end of its delivery, whichever is told last.
 */
export function accountsOf(
  service: string,
  rows: readonly JournalRecord[],
  { hearers, observed, told }: Counting,
): readonly Account[] {
  const accounts = new Map<string, { -readonly [K in keyof Account]: Account[K] }>();
  const count = (stem: string, to: { service: string; reaction: string }) => {
    const key = [stem, to.service, to.reaction].join("\n");
    const known = accounts.get(key) ?? { stem, ...to, emitted: 0, handled: 0, discarded: 0 };
    accounts.set(key, known);
    return known;
  };
  for (const row of rows) {
    const { reaction, type, emitted, at } = row;
    for (const event of emitted) {
      const stem = stemOf(event.type);
      for (const { service, reaction, since } of hearers.flatMap((of) => of.get(stem) ?? []))
        if (since <= at || told.before(row, { service, reaction, id: event.id }).some(hasEnded))
          count(stem, { service, reaction }).emitted++;
    }
    const hearer = countedHearer(service, row, hearers, observed);
    if (hearer === undefined || !hasEnded(row)) continue;
    const account = count(stemOf(type), { service, reaction });
    if (row.disposition === "discarded") account.discarded++;
    else account.handled++;
    if (isBefore(told.emittedAt(row), hearer)) account.emitted++;
  }
  return [...accounts.values()];
}

/** Whether a row ends its delivery. */
function hasEnded({ disposition, emitted }: JournalRecord): boolean {
  return !OPEN_ENDED.includes(disposition) || emitted.length > 0;
}

function isBefore(emittedAt: number | undefined, { since }: Hearer): boolean {
  return emittedAt !== undefined && emittedAt < since;
}

type Counted = Pick<JournalRecord, "reaction" | "type" | "source">;

/** The reaction of a row, if its delivery is counted. */
function countedHearer(
  service: string,
  { reaction, type, source }: Counted,
  hearers: readonly HearersOf[],
  observed: ReadonlySet<string>,
): Hearer | undefined {
  if (!observed.has(source)) return undefined;
  return hearers
    .flatMap((of) => of.get(stemOf(type)) ?? [])
    .find((one) => one.service === service && one.reaction === reaction);
}

/**
 * Finds rows of put-off deliveries of a saga whose emission is not counted: of a source that is not
 * observed, or from before their reaction. Each is named by `heldKey`.
 */
export function uncountedIn(
  parts: readonly ServiceHistory[],
  hearers: readonly HearersOf[],
  observed: ReadonlySet<string>,
): ReadonlySet<string> {
  const emitted = emissionsIn(parts);
  return new Set(
    parts.flatMap(({ service, history }) =>
      history.deferred
        .filter((one) => {
          if (!observed.has(one.source)) return true;
          const hearer = countedHearer(service, one, hearers, observed);
          return hearer !== undefined && isBefore(emitted.get(one.id)?.at, hearer);
        })
        .map(({ seq }) => heldKey(service, seq)),
    ),
  );
}

/** Names a put-off delivery among all services. */
export function heldKey(service: string, seq: number | undefined): string {
  return `${service}/${seq}`;
}

/** A cause that is not known after this time is missing. */
export const EARLY_MS = 60_000;

/** A delivery that was handled or put off before its emission is known. */
export interface EarlyDelivery {
  /** The service whose feed has not told the emission. */
  readonly emitter: string;
  readonly service: string;
  readonly reaction: string;
  readonly stem: string;
  readonly at: number;
}

/** Finds deliveries in one saga whose emission no feed has told yet. */
export function earlyIn(
  parts: readonly ServiceHistory[],
  hearers: readonly HearersOf[],
  observed: ReadonlySet<string>,
): readonly EarlyDelivery[] {
  const known = emissionsIn(parts);
  return parts.flatMap(({ service, history }) =>
    history.journal
      .filter((row) => !known.has(row.id) && countedHearer(service, row, hearers, observed))
      .map(({ reaction, type, source, at }) => ({
        ...{ emitter: source.slice(1), service, reaction, stem: stemOf(type), at },
      })),
  );
}

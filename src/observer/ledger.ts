import { stemOf } from "../contract/grammar.ts";
import type { HearersOf } from "../observe/hearers.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import type { Disposition, JournalRecord } from "../ports/journal.ts";

/** Rows that a feed adds to the account of one event at one reaction. */
export interface Account {
  readonly stem: string;
  readonly service: string;
  readonly reaction: string;
  readonly emitted: number;
  readonly handled: number;
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
  const { emitted, handled, putOff, onItsWay, early } = line;
  return emitted - handled - putOff - onItsWay + early;
}

const OPEN_ENDED: readonly Disposition[] = ["retrying", "waiting", "parked"];

/**
 * Counts what the rows of one service's feed emit, once for each reaction that hears it, and which
 * deliveries they end. An event of a source that is not observed is not counted.
 */
export function accountsOf(
  service: string,
  rows: readonly JournalRecord[],
  hearers: readonly HearersOf[],
  observed: ReadonlySet<string>,
): readonly Account[] {
  const accounts = new Map<string, { -readonly [K in keyof Account]: Account[K] }>();
  const count = (stem: string, to: { service: string; reaction: string }) => {
    const key = [stem, to.service, to.reaction].join("\n");
    const known = accounts.get(key) ?? { stem, ...to, emitted: 0, handled: 0 };
    accounts.set(key, known);
    return known;
  };
  for (const { reaction, type, source, disposition, emitted, at } of rows) {
    for (const event of emitted) {
      const stem = stemOf(event.type);
      // A reaction that came later never got the message.
      for (const hearer of hearers.flatMap((of) => of.get(stem) ?? []))
        if (hearer.since <= at)
          count(stem, { service: hearer.service, reaction: hearer.reaction }).emitted++;
    }
    if (isHandled(service, { reaction, type, source, disposition, emitted }, hearers, observed))
      count(stemOf(type), { service, reaction }).handled++;
  }
  return [...accounts.values()];
}

/** Whether a row ends a delivery that is counted. */
function isHandled(
  service: string,
  row: Counted & Pick<JournalRecord, "disposition" | "emitted">,
  hearers: readonly HearersOf[],
  observed: ReadonlySet<string>,
): boolean {
  const ended = !OPEN_ENDED.includes(row.disposition) || row.emitted.length > 0;
  return ended && isCounted(service, row, hearers, observed);
}

type Counted = Pick<JournalRecord, "reaction" | "type" | "source">;

/** Whether a row is of a delivery that is counted. */
function isCounted(
  service: string,
  { reaction, type, source }: Counted,
  hearers: readonly HearersOf[],
  observed: ReadonlySet<string>,
): boolean {
  if (!observed.has(source)) return false;
  return hearers
    .flatMap((of) => of.get(stemOf(type)) ?? [])
    .some((one) => one.service === service && one.reaction === reaction);
}

/** A delivery that was handled or put off before its emission is known. */
export interface EarlyDelivery {
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
  const known = new Set(
    parts.flatMap(({ history }) =>
      history.journal.flatMap(({ emitted }) => emitted.map(({ id }) => id)),
    ),
  );
  return parts.flatMap(({ service, history }) =>
    history.journal
      .filter((row) => !known.has(row.id) && isCounted(service, row, hearers, observed))
      .map(({ reaction, type, at }) => ({ service, reaction, stem: stemOf(type), at })),
  );
}

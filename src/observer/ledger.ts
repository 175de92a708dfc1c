import { stemOf } from "../contract/grammar.ts";
import type { HearersOf } from "../observe/hearers.ts";
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
}

/** Deliveries that neither their journal nor what is open explains; 0 if all are accounted for. */
export function unexplained({ emitted, handled, putOff, onItsWay }: AccountLine): number {
  return emitted - handled - putOff - onItsWay;
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
    const ended = !OPEN_ENDED.includes(disposition) || emitted.length > 0;
    if (!ended || !observed.has(source)) continue;
    const stem = stemOf(type);
    const hears = hearers
      .flatMap((of) => of.get(stem) ?? [])
      .some((one) => one.service === service && one.reaction === reaction);
    if (hears) count(stem, { service, reaction }).handled++;
  }
  return [...accounts.values()];
}

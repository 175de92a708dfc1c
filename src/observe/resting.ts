import { stemOf } from "../contract/grammar.ts";
import { watchedName } from "../contract/names.ts";
import type { Disposition, JournalRecord } from "../ports/journal.ts";
import type { HearersOf } from "./hearers.ts";

/** Where a saga came to rest: a step behind which nothing has followed. */
export interface RestingPlace {
  readonly service: string;
  /** The name under which the database keeps the reaction. */
  readonly reaction: string;
  /** Type of the event heard: of a deadline, the one that armed it; of a beginning, the first. */
  readonly type: string;
  readonly disposition: Disposition;
  /** What it emitted, and nothing has led on. */
  readonly emitted: readonly string[];
  /** When it was written: milliseconds since 1970. */
  readonly at: number;
}

/** A row of a journal, with the service that has it. */
export interface ServiceRecord {
  readonly service: string;
  readonly record: JournalRecord;
}

/**
 * Finds where a saga came to rest in which nothing is left to happen: the last delivery that a
 * person has discarded, else the last step of which no event was heard by another step. A reaction
 * that emits nothing in any case is such a place only if every step is of such a reaction.
 */
export function restingPlace(
  rows: readonly ServiceRecord[],
  hearers: readonly HearersOf[],
): RestingPlace | undefined {
  const steps = rows.filter(({ record: { reaction } }) => watchedName(reaction) === undefined);
  const moving = steps.filter((one) => !onlyListens(one, hearers));
  const heard = new Set(moving.flatMap(({ record }) => (isOwn(record) ? [] : record.id)));
  const discarded = moving.filter(({ record }) => record.disposition === "discarded");
  const leaves = moving.filter(({ record }) => !record.emitted.some(({ id }) => heard.has(id)));
  const from = [discarded, leaves, moving, steps].find((some) => some.length > 0);
  const last = from?.reduce((a, b) => (isLater(b, a) ? b : a));
  if (last === undefined) return undefined;
  const { service, record } = last;
  const { reaction, type, disposition, emitted, at } = record;
  const types = [...new Set(emitted.map((event) => event.type))];
  return { service, reaction, type, disposition, emitted: types, at };
}

function onlyListens({ service, record }: ServiceRecord, hearers: readonly HearersOf[]): boolean {
  const isIt = (one: { readonly service: string; readonly reaction: string }) =>
    one.service === service && one.reaction === record.reaction;
  const stem = stemOf(record.type);
  return hearers.some((of) => of.get(stem)?.find(isIt)?.onlyListens === true);
}

/** Whether a row bears the id of an event that it has emitted itself: a beginning. */
function isOwn({ id, emitted }: JournalRecord): boolean {
  return emitted.some((event) => event.id === id);
}

/** Also of one moment, it is the same row in each order in which journals are read. */
function isLater(a: ServiceRecord, b: ServiceRecord): boolean {
  if (a.record.at !== b.record.at) return a.record.at > b.record.at;
  return a.service === b.service ? a.record.seq > b.record.seq : a.service > b.service;
}

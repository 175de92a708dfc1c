import { checkAttribute } from "../contract/envelope.ts";
import { DEFERRED_STATES, type Deferred } from "../ports/deferred.ts";
import type {
  BusBacklog,
  BusFault,
  SagaHistory,
  SagaPlace,
  StoreCounts,
} from "../ports/inspection.ts";
import { DISPOSITIONS, type JournalRecord } from "../ports/journal.ts";
import type { FeedPage, FeedRow, OutboxEvent } from "../ports/source.ts";
import {
  givenList,
  givenNumber,
  givenOptional,
  givenRecord,
  givenText,
  givenTime,
  givenTruth,
  givenWhole,
  givenWord,
} from "./checked.ts";
import { CURSOR_MAX_CHARS, JOURNAL_MAX, PAGE_SAGAS_MAX } from "./source-limits.ts";

/* Reads what a service has replied. A reply is never trusted: each throws for what is not one. */

const EMISSIONS_MAX = 10_000;
const GAPS_MAX = 10_000;
const BODY_MAX_CHARS = 16 * 1024 * 1024;

export function feedPageReplied(value: unknown, limit: number): FeedPage {
  const { rows, cursor, more, complete, upTo, gaps } = givenRecord(value);
  const read = givenList(rows, limit, feedRowOf);
  return {
    ...{ rows: read, cursor: givenText(cursor, CURSOR_MAX_CHARS) },
    // One that has nothing, and claims to have more, would be asked without a pause.
    more: givenTruth(more) && read.length > 0,
    ...{ complete: givenTruth(complete), upTo: givenWhole(upTo) },
    gaps: givenList(gaps, GAPS_MAX, (gap) => {
      const { from, to } = givenRecord(gap);
      return { from: givenWhole(from), to: givenWhole(to) };
    }),
  };
}

export function outboxReplied(value: unknown, limit: number): readonly OutboxEvent[] {
  // A row of the outbox may have several events.
  return givenList(value, limit * EMISSIONS_MAX, (entry) => {
    const { id, type, sagaId, at } = givenRecord(entry);
    return {
      id: givenText(id),
      type: givenText(type),
      sagaId: sagaIdIn(sagaId),
      at: givenTime(at),
    };
  });
}

export function countsReplied(value: unknown): StoreCounts {
  const { processes, outbox, outboxOldestMs, deferred, at, backlog, busFault } = givenRecord(value);
  const states = givenRecord(deferred);
  return {
    ...{ processes: givenWhole(processes), outbox: givenWhole(outbox) },
    outboxOldestMs: givenNumber(outboxOldestMs),
    deferred: Object.fromEntries(
      DEFERRED_STATES.flatMap((state) =>
        states[state] === undefined ? [] : [[state, givenWhole(states[state])] as const],
      ),
    ),
    // A service of an earlier version does not tell.
    ...(at !== undefined && { at: givenTime(at) }),
    ...(backlog !== undefined && { backlog: backlogIn(backlog) }),
    ...(busFault !== undefined && { busFault: busFaultIn(busFault) }),
  };
}

function backlogIn(value: unknown): BusBacklog {
  const { deliveries, emptyMs } = givenRecord(value);
  return {
    deliveries: givenWhole(deliveries),
    emptyMs: emptyMs === undefined ? undefined : givenNumber(emptyMs),
  };
}

function busFaultIn(value: unknown): BusFault {
  const { code, place, sinceMs } = givenRecord(value);
  return {
    ...{ code: givenText(code), place: givenOptional(place) },
    sinceMs: givenNumber(sinceMs),
  };
}

export function journalReplied(value: unknown): readonly JournalRecord[] {
  return givenList(value, JOURNAL_MAX, recordOf);
}

export function historiesReplied(value: unknown): readonly SagaHistory[] {
  return givenList(value, PAGE_SAGAS_MAX, (entry) => {
    const { born, sagaId, last, correlationId, journal, deferred } = givenRecord(entry);
    return {
      ...{ born: givenTime(born), sagaId: sagaIdIn(sagaId), last: givenTime(last) },
      correlationId: givenText(correlationId),
      journal: journalReplied(journal),
      deferred: givenList(deferred, JOURNAL_MAX, deferredReplied),
    };
  });
}

export function placesReplied(value: unknown, limit: number): readonly SagaPlace[] {
  return givenList(value, limit, (entry) => {
    const { born, sagaId } = givenRecord(entry);
    return { born: givenTime(born), sagaId: sagaIdIn(sagaId) };
  });
}

export function deferredReplied(value: unknown): Deferred {
  const row = givenRecord(value);
  const { malformed, text } = givenRecord(row.body);
  const body = { malformed: givenTruth(malformed), text: givenText(text, BODY_MAX_CHARS) };
  if (!body.malformed && !Array.isArray(JSON.parse(body.text))) throw new TypeError("no event");
  return {
    ...{
      seq: givenWhole(row.seq),
      reaction: givenText(row.reaction),
      sagaId: sagaIdIn(row.sagaId),
    },
    ...{ source: givenText(row.source), id: givenText(row.id), type: givenText(row.type) },
    state: givenWord(row.state, DEFERRED_STATES),
    ...{ attempts: givenWhole(row.attempts), claims: givenWhole(row.claims) },
    ...{ dueAt: givenTime(row.dueAt), at: givenTime(row.at), body },
    problem: problemIn(row.problem),
    reason: givenOptional(row.reason),
  };
}

function problemIn(value: unknown): Deferred["problem"] {
  if (value === undefined || value === null) return undefined;
  const { code, message, stack, accepted } = givenRecord(value);
  return {
    ...{ code: givenText(code), message: givenText(message, BODY_MAX_CHARS) },
    stack: givenOptional(stack, BODY_MAX_CHARS),
    ...(accepted !== undefined && { accepted: givenTruth(accepted) }),
  };
}

/** Other services are asked for it. What belongs to no saga has the empty one. */
function sagaIdIn(value: unknown): string {
  return value === "" ? "" : checkAttribute("sagaId", value);
}

function feedRowOf(value: unknown): FeedRow {
  const record = recordOf(value);
  const { saga } = givenRecord(value);
  // A service of an earlier version does not tell.
  if (saga === undefined) return record;
  const { born, last, correlationId } = givenRecord(saga);
  const facts = { born: givenTime(born), last: givenTime(last) };
  return { ...record, saga: { ...facts, correlationId: givenText(correlationId) } };
}

function recordOf(value: unknown): JournalRecord {
  const row = givenRecord(value);
  const { attempt, durationMs } = row;
  return {
    ...{ reaction: givenText(row.reaction), source: givenText(row.source), id: givenText(row.id) },
    ...{ type: givenText(row.type), sagaId: sagaIdIn(row.sagaId) },
    ...{ causationId: givenOptional(row.causationId), effect: givenOptional(row.effect) },
    disposition: givenWord(row.disposition, DISPOSITIONS),
    emitted: givenList(row.emitted, EMISSIONS_MAX, (entry) => {
      const { id, type } = givenRecord(entry);
      return { id: givenText(id), type: givenText(type) };
    }),
    attempt: attempt === undefined ? undefined : givenWhole(attempt),
    durationMs: durationMs === undefined ? undefined : givenNumber(durationMs),
    ...{ duplicates: givenWhole(row.duplicates), fingerprint: givenOptional(row.fingerprint) },
    ...{ seq: givenWhole(row.seq), at: givenTime(row.at) },
  };
}

import { DEFERRED_STATES, type Deferred } from "../ports/deferred.ts";
import type { SagaHistory, SagaPlace, StoreCounts } from "../ports/inspection.ts";
import { DISPOSITIONS, type JournalRecord } from "../ports/journal.ts";
import type { FeedPage, OutboxEvent } from "../ports/source.ts";
import {
  listIn,
  numberIn,
  oneOf,
  optionalText,
  recordIn,
  textIn,
  timeIn,
  truthIn,
  wholeIn,
} from "./checked.ts";
import { CURSOR_MAX_CHARS, JOURNAL_MAX, SAGAS_MAX } from "./source-limits.ts";

/* Reads what a service has replied. A reply is never trusted: each throws for what is not one. */

const EMISSIONS_MAX = 10_000;
const GAPS_MAX = 10_000;
const BODY_MAX_CHARS = 16 * 1024 * 1024;

export function feedPageIn(value: unknown, limit: number): FeedPage {
  const { rows, cursor, more, complete, upTo, gaps } = recordIn(value);
  const read = listIn(rows, limit, recordOf);
  return {
    ...{ rows: read, cursor: textIn(cursor, CURSOR_MAX_CHARS) },
    // One that has nothing, and claims to have more, would be asked without a pause.
    more: truthIn(more) && read.length > 0,
    ...{ complete: truthIn(complete), upTo: wholeIn(upTo) },
    gaps: listIn(gaps, GAPS_MAX, (gap) => {
      const { from, to } = recordIn(gap);
      return { from: wholeIn(from), to: wholeIn(to) };
    }),
  };
}

export function outboxIn(value: unknown, limit: number): readonly OutboxEvent[] {
  // A row of the outbox may have several events.
  return listIn(value, limit * EMISSIONS_MAX, (entry) => {
    const { id, type, sagaId, at } = recordIn(entry);
    return { id: textIn(id), type: textIn(type), sagaId: textIn(sagaId), at: timeIn(at) };
  });
}

export function countsIn(value: unknown): StoreCounts {
  const { processes, outbox, outboxOldestMs, deferred } = recordIn(value);
  const states = recordIn(deferred);
  return {
    ...{ processes: wholeIn(processes), outbox: wholeIn(outbox) },
    outboxOldestMs: numberIn(outboxOldestMs),
    deferred: Object.fromEntries(
      DEFERRED_STATES.flatMap((state) =>
        states[state] === undefined ? [] : [[state, wholeIn(states[state])] as const],
      ),
    ),
  };
}

export function journalIn(value: unknown): readonly JournalRecord[] {
  return listIn(value, JOURNAL_MAX, recordOf);
}

export function historiesIn(value: unknown): readonly SagaHistory[] {
  return listIn(value, SAGAS_MAX, (entry) => {
    const { born, sagaId, last, correlationId, journal, deferred } = recordIn(entry);
    return {
      ...{ born: timeIn(born), sagaId: textIn(sagaId), last: timeIn(last) },
      correlationId: textIn(correlationId),
      journal: journalIn(journal),
      deferred: listIn(deferred, JOURNAL_MAX, deferredOf),
    };
  });
}

export function placesIn(value: unknown, limit: number): readonly SagaPlace[] {
  return listIn(value, limit, (entry) => {
    const { born, sagaId } = recordIn(entry);
    return { born: timeIn(born), sagaId: textIn(sagaId) };
  });
}

export function deferredOf(value: unknown): Deferred {
  const row = recordIn(value);
  const { malformed, text } = recordIn(row.body);
  const body = { malformed: truthIn(malformed), text: textIn(text, BODY_MAX_CHARS) };
  if (!body.malformed && !Array.isArray(JSON.parse(body.text))) throw new TypeError("no event");
  return {
    ...{ seq: wholeIn(row.seq), reaction: textIn(row.reaction), sagaId: textIn(row.sagaId) },
    ...{ source: textIn(row.source), id: textIn(row.id), type: textIn(row.type) },
    state: oneOf(row.state, DEFERRED_STATES),
    ...{ attempts: wholeIn(row.attempts), claims: wholeIn(row.claims) },
    ...{ dueAt: timeIn(row.dueAt), at: timeIn(row.at), body },
    problem: problemIn(row.problem),
    reason: optionalText(row.reason),
  };
}

function problemIn(value: unknown): Deferred["problem"] {
  if (value === undefined || value === null) return undefined;
  const { code, message, stack, accepted } = recordIn(value);
  return {
    ...{ code: textIn(code), message: textIn(message, BODY_MAX_CHARS) },
    stack: optionalText(stack, BODY_MAX_CHARS),
    ...(accepted !== undefined && { accepted: truthIn(accepted) }),
  };
}

function recordOf(value: unknown): JournalRecord {
  const row = recordIn(value);
  const { attempt, durationMs } = row;
  return {
    ...{ reaction: textIn(row.reaction), source: textIn(row.source), id: textIn(row.id) },
    ...{ type: textIn(row.type), sagaId: textIn(row.sagaId) },
    ...{ causationId: optionalText(row.causationId), effect: optionalText(row.effect) },
    disposition: oneOf(row.disposition, DISPOSITIONS),
    emitted: listIn(row.emitted, EMISSIONS_MAX, (entry) => {
      const { id, type } = recordIn(entry);
      return { id: textIn(id), type: textIn(type) };
    }),
    attempt: attempt === undefined ? undefined : wholeIn(attempt),
    durationMs: durationMs === undefined ? undefined : numberIn(durationMs),
    ...{ duplicates: wholeIn(row.duplicates), fingerprint: optionalText(row.fingerprint) },
    ...{ seq: wholeIn(row.seq), at: timeIn(row.at) },
  };
}

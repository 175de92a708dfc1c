import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { DEFERRED_STATES, type Deferred, type DeferredState, type Problem } from "./deferred.ts";
import { DISPOSITIONS, type Emission, type JournalRecord } from "./journal.ts";

/* Reads rows of the tables of an SQL store. What they hold was checked when it was written. */

type Row = Readonly<Record<string, unknown>>;

export function toJournal(row: Row): JournalRecord {
  const emitted: readonly Emission[] = JSON.parse(text(row.emitted));
  return {
    reaction: text(row.reaction),
    source: text(row.source),
    id: text(row.id),
    type: text(row.type),
    sagaId: text(row.saga_id),
    causationId: optional(row.causation_id),
    disposition: known(DISPOSITIONS, row.disposition),
    effect: optional(row.effect),
    emitted,
    at: Number(row.at),
  };
}

export function toDeferred(row: Row): Deferred {
  const problem: Problem | undefined =
    row.problem === null ? undefined : JSON.parse(text(row.problem));
  return {
    seq: Number(row.seq),
    reaction: text(row.reaction),
    sagaId: text(row.saga_id),
    source: text(row.source),
    id: text(row.id),
    state: toState(row.state),
    attempts: Number(row.attempts),
    dueAt: Number(row.due_at),
    problem,
    body: { malformed: row.malformed === 1 || row.malformed === true, text: text(row.body) },
    at: Number(row.at),
    reason: optional(row.reason),
  };
}

export function toState(value: unknown): DeferredState {
  return known(DEFERRED_STATES, value);
}

function known<T extends string>(words: readonly T[], value: unknown): T {
  const word = words.find((candidate) => candidate === value);
  if (word !== undefined) return word;
  throw new OdoriError(
    "STORE_VERSION",
    `The database says ${quote(value)}, which this Odori does not know.`,
    {
      hint: "Use the newer Odori that wrote it.",
    },
  );
}

function text(value: unknown): string {
  return String(value);
}

function optional(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}

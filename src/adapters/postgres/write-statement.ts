import type { Statement } from "./sql.ts";

/** What one batch writes: each list as JSON, undefined if it is empty. */
export interface WriteParts {
  /** The time of inbox and outbox rows, in milliseconds since 1970. */
  readonly at: string;
  /** `Session.fingerprint`. */
  readonly fingerprint: string | null;
  /** One row for each saga that the batch touches. */
  readonly sagas: string | undefined;
  readonly journal: string | undefined;
  readonly confirm: string | undefined;
  readonly defer: { readonly owner: string | null; readonly rows: string } | undefined;
  readonly enqueue:
    | { readonly owner: string | null; readonly count: number; readonly events: string }
    | undefined;
}

type Value = string | number | null;

/** Makes a statement, prepared under its name; `$S` in the text is the schema. */
export type MakeStatement = (name: string, text: string) => Statement;

/** Writes a batch in one statement, which contains only the parts that are not empty. */
export function writeStatement(
  parts: WriteParts,
  statement: MakeStatement,
): { readonly statement: Statement; readonly values: Value[] } {
  const values: Value[] = [];
  const bind = (...bound: Value[]) => bound.map((value) => `$${values.push(value)}`);
  const writes: string[] = [];
  const { at, fingerprint, sagas, journal, confirm, defer, enqueue } = parts;
  if (sagas !== undefined) {
    const [rows, time] = bind(sagas, at);
    writes.push(`saga AS (INSERT INTO $S.saga AS s (saga_id, born, last, marks, correlation_id)
      SELECT r.saga, coalesce(r.born, ${time}::bigint), ${time}::bigint, r.marks, r.correlation
      FROM json_to_recordset(${rows}::text::json)
        AS r(saga text, born bigint, marks jsonb, correlation text)
      ON CONFLICT (saga_id) DO UPDATE
        SET last = greatest(s.last, excluded.last), marks = s.marks || excluded.marks,
          correlation_id = coalesce(s.correlation_id, excluded.correlation_id)
      RETURNING saga_id, born)`);
  }
  if (journal !== undefined) {
    const [rows, time, written] = bind(journal, at, fingerprint);
    writes.push(`journal AS (INSERT INTO $S.inbox (born, saga_id, reaction, source, id, stem, type,
        causation_id, disposition, effect, emitted, attempt, duration_ms, fingerprint, at)
      SELECT saga.born, r.saga, r.reaction, r.source, r.id, r.stem, r.type, r.causation,
        r.disposition, r.effect, r.emitted, r.attempt, r.duration, ${written}::text, ${time}::bigint
      FROM json_to_recordset(${rows}::text::json) AS r(reaction text, source text, id text,
        stem text, type text, saga text, causation text, disposition text, effect text,
        emitted text, attempt int, duration bigint)
      JOIN saga ON saga.saga_id = r.saga)`);
  }
  if (confirm !== undefined) {
    writes.push(`confirmed AS (DELETE FROM $S.outbox WHERE ticket = ANY (ARRAY(
      SELECT value::bigint FROM json_array_elements_text(${bind(confirm)}::text::json))))`);
  }
  if (defer !== undefined) {
    const [rows, holder] = bind(defer.rows, defer.owner);
    // Rows get their \`seq\` in the order of the list.
    writes.push(`deferred AS (INSERT INTO $S.deferred (reaction, saga_id, source, id, type,
        state, attempts, due_at, set_at, problem, malformed, body, at, owner)
      SELECT r.reaction, r.saga, r.source, r.id, r.type, r.state, r.attempts, clock.t + r.delay,
        clock.t, r.problem, r.malformed, r.body, clock.t,
        CASE WHEN r.held THEN ${holder}::text END
      FROM (SELECT $S.now_ms() AS t) AS clock, json_to_recordset(${rows}::text::json)
        AS r(n int, reaction text, saga text, source text, id text, type text, state text,
          attempts int, delay bigint, problem text, malformed boolean, body text, held boolean)
      ORDER BY r.n RETURNING seq)`);
  }
  if (enqueue !== undefined) {
    const [owner, count, events, time] = bind(enqueue.owner, enqueue.count, enqueue.events, at);
    writes.push(`sent AS (INSERT INTO $S.outbox (owner, count, events, at)
      VALUES (${owner}::text, ${count}::int, ${events}::text, ${time}::bigint)
      RETURNING ticket)`);
  }
  const ticket = enqueue === undefined ? "NULL" : "(SELECT ticket FROM sent)";
  const seqs =
    defer === undefined ? "NULL" : "(SELECT json_agg(seq ORDER BY seq)::text FROM deferred)";
  const text = `WITH ${writes.join(", ")} SELECT ${ticket} AS ticket, ${seqs} AS seqs`;
  const present = [sagas, journal, confirm, defer, enqueue]
    .map((part) => (part === undefined ? "0" : "1"))
    .join("");
  return { statement: statement(`write_${present}`, text), values };
}

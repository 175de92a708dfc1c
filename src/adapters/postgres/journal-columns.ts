/**
 * The columns of an inbox row `i` that `toFeedRow` reads. By name: a column that a later version
 * adds would change the result of statements that are prepared.
 */
export const JOURNAL_COLUMNS = [
  ...["seq", "born", "saga_id", "reaction", "source", "id", "type", "causation_id", "disposition"],
  ...["effect", "emitted", "attempt", "duration_ms", "duplicates", "fingerprint", "at"],
]
  .map((column) => `i.${column}`)
  .join(", ");

const STARTS =
  "set|reset|savepoint|rollback|release|declare|fetch|move|close|prepare|execute|deallocate|discard";
const LEADING = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/;
const OF_SESSION = new RegExp(
  `^(?:${STARTS})\\b|;\\s*(?:${STARTS})\\b|\\bset_config\\s*\\(|\\b(?:curr|last)val\\s*\\(`,
  "i",
);

/**
 * Whether a statement changes the session, or depends on what was done in it before: `SET LOCAL`,
 * savepoints, `lastval()`. Between the statements of one handler those of another may run, where
 * several share a transaction.
 */
export function isOfSession(text: string): boolean {
  return OF_SESSION.test(text.replace(LEADING, ""));
}

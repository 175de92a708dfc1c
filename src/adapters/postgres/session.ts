const STARTS =
  "set|reset|savepoint|rollback|release|declare|fetch|move|close|prepare|execute|" +
  "deallocate|discard";
const LEADING = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/;
const OF_SESSION = new RegExp(
  `^(?:${STARTS})\\b|;\\s*(?:${STARTS})\\b|\\bset_config\\s*\\(|\\b(?:curr|last)val\\s*\\(`,
  "i",
);

/**
 * Whether a statement changes the session, or depends on an earlier one: `SET LOCAL`, savepoints,
 * `lastval()`. If handlers share a transaction, their statements interleave.
 */
export function isOfSession(text: string): boolean {
  return OF_SESSION.test(text.replace(LEADING, ""));
}

const TEMPORARY = "create\\s+(?:(?:local|global)\\s+)?temp(?:orary)?";
const STARTS = `set|reset|declare|fetch|move|close|prepare|execute|deallocate|discard|${TEMPORARY}`;
const LEADING = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/;
const OF_SESSION = new RegExp(`^(?:${STARTS})\\b|;\\s*(?:${STARTS})\\b|\\bset_config\\s*\\(`, "i");

/**
 * Tells whether a statement changes the session beyond the handler's savepoint, such as
 * `SET LOCAL` or a temporary table. The handler then needs a transaction of its own, or its
 * neighbours would have the setting too.
 */
export function changesSession(text: string): boolean {
  return OF_SESSION.test(text.replace(LEADING, ""));
}

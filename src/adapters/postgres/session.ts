const TEMPORARY = "create\\s+(?:(?:local|global)\\s+)?temp(?:orary)?";
const CHANGES = [
  ...["set", "reset", "declare", "fetch", "move", "close", "prepare", "execute", "deallocate"],
  ...["discard", "listen", "unlisten", "load", TEMPORARY],
].join("|");
/** Locks that the session keeps. */
const LOCK = "pg_(?:try_)?advisory_lock(?:_shared)?";
const LEADING = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/;
const OF_SESSION = new RegExp(
  `^(?:${CHANGES})\\b|;\\s*(?:${CHANGES})\\b|\\b(?:set_config|${LOCK})\\s*\\(`,
  "i",
);
/** Statements of those that end with their transaction. */
const OF_TRANSACTION = [
  /^set\s+(?:local|transaction|constraints)\b/i,
  /^(?:fetch|move|close|execute)\b/i,
  /^declare\b(?![\s\S]*\bwith\s+hold\b)/i,
  /\bset_config\s*\([\s\S]*,\s*true\s*\)/i,
  new RegExp(`^${TEMPORARY}\\b[\\s\\S]*\\bon\\s+commit\\s+drop\\b`, "i"),
];

/**
 * Tells whether a statement changes the session beyond the handler's savepoint, such as
 * `SET LOCAL` or a temporary table. The handler then needs a transaction of its own, or its
 * neighbours would have the setting too.
 */
export function changesSession(text: string): boolean {
  return OF_SESSION.test(text.replace(LEADING, ""));
}

/**
 * Tells whether the session is changed beyond its transaction: the connection cannot be given to
 * another delivery. Of several statements in one text, that is assumed.
 */
export function outlivesTransaction(text: string): boolean {
  const bare = text.replace(LEADING, "").replace(/[;\s]+$/, "");
  if (!OF_SESSION.test(bare)) return false;
  return bare.includes(";") || !OF_TRANSACTION.some((one) => one.test(bare));
}

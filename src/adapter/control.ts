const CONTROL = "begin|commit|rollback|end|abort|start\\s+transaction|prepare\\s+transaction";
/** At the start of a text or behind a semicolon, but for the savepoints of the handler's own. */
const CANDIDATE = new RegExp(
  `(?:^|;)\\s*(?:${CONTROL})\\b(?!\\s+(?:(?:work|transaction)\\s+)?to\\b)`,
  "i",
);
const COMMENTS_AND_STRINGS =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$/g;
/** The body of a trigger begins and ends with the same words. */
const BODY =
  /\bcreate\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:trigger|function|procedure)\b/i;

/**
 * Tells whether SQL text begins, commits or rolls back a transaction. `ROLLBACK TO` a savepoint
 * does not.
 */
export function controlsTransaction(text: string): boolean {
  if (!/\b(?:begin|commit|rollback|end|abort|transaction)\b/i.test(text)) return false;
  const code = withoutLiterals(text);
  return CANDIDATE.test(code) && !BODY.test(code);
}

/** SQL without its comments and its quoted texts and names. */
export function withoutLiterals(text: string): string {
  return text.replace(COMMENTS_AND_STRINGS, " ");
}

/** Ends a text with one full stop: messages of others may have theirs already. */
export function withStop(text: string): string {
  return /[.!?]\s*$/.test(text) ? text.trimEnd() : `${text}.`;
}

const OPENS = new Set(["{", "["]);
const CLOSES = new Set(["}", "]"]);

/**
 * Breaks JSON into lines. Works on its characters, so a number keeps all of its digits and a key
 * that comes twice stays; text that is not JSON stays readable.
 */
export function jsonLines(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, 40))}`;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s"{}[\],:]+/gs)) {
    if (OPENS.has(token)) {
      depth++;
      out += token + line();
    } else if (CLOSES.has(token)) {
      depth = Math.max(0, depth - 1);
      out = `${out.trimEnd()}${OPENS.has(out.trimEnd().at(-1) ?? "") ? "" : line()}${token}`;
    } else if (token === ",") out += token + line();
    else out += token === ":" ? ": " : token;
  }
  return out;
}

import { createHash } from "node:crypto";

const STAMP = /^---\n(?:[^-].*\n)*?source: ([0-9a-f]{12})\n/;

/** Identifies the text of an English page. */
function stampOf(english: string): string {
  return createHash("sha256").update(english).digest("hex").slice(0, 12);
}

/** The stamp that a translation carries: the English text that it follows. */
function stampIn(translation: string): string | undefined {
  return STAMP.exec(translation)?.[1];
}

/** Tells whether the English page has changed since it was translated. */
export function behind(translation: string, english: string): boolean {
  return stampIn(translation) !== stampOf(english);
}

/** Returns a translation with the stamp of the English page as it is now. */
export function stamped(translation: string, english: string): string {
  const stamp = `source: ${stampOf(english)}`;
  if (stampIn(translation) !== undefined)
    return translation.replace(/^source: [0-9a-f]{12}$/m, stamp);
  if (translation.startsWith("---\n")) return translation.replace("---\n", `---\n${stamp}\n`);
  return `---\n${stamp}\n---\n\n${translation}`;
}

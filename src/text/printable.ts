// Control characters, and characters that change the direction of text (Unicode 15, Bidi_Control).
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes text from outside safe on a terminal: replaces control characters by U+FFFD.
 *
 * @example
 * ```ts
 * import { printable } from "odori/observe";
 *
 * console.log(printable("o-1\u001b[2J"));
 * ```
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "\ufffd");
}

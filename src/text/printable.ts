// Control characters, line separators, and characters that change the direction of text
// (Unicode 15, Bidi_Control).
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

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

/** Colours (`ESC [ 31 m`) are all that a line of our own makes a terminal do. */
const OWN = /(\u001b\[[0-9;]{0,16}m|[\t\n])/;

/**
 * Makes lines safe that contain colours, tabs and line breaks, at the edge of the process: replaces
 * other control characters by U+FFFD.
 */
export function printableLines(text: string): string {
  // What matches stands at each odd place.
  return text
    .split(OWN)
    .map((part, place) => (place % 2 === 1 ? part : printable(part)))
    .join("");
}

/**
 * Escapes what is unprintable within JSON, or within a quoted scalar of YAML: `\u202e`. The text
 * means the same as before. JSON itself escapes only control characters below U+0020.
 */
export function escapeUnprintable(json: string): string {
  return json.replace(UNPRINTABLE, (char) =>
    char === "\n" || char === "\t"
      ? char
      : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

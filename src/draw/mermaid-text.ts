import { printable } from "../text/printable.ts";

/**
 * What mermaid or the HTML that it makes could take for syntax, as its own numeric entities
 * (`#35;`).
 */
const SYNTAX = /[#;<>"'`&{}|[\]()\\:%@]/g;

/** Text from outside, safe within a mermaid diagram. */
export function mermaidText(text: string): string {
  return printable(text).replace(SYNTAX, (character) => `#${character.codePointAt(0)};`);
}

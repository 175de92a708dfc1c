import { printable } from "../text/printable.ts";

/** Matches the characters that are syntax in Mermaid, or in the HTML that Mermaid makes. */
const SYNTAX = /[#;<>"'`&{}|[\]()\\:%@]/g;

/**
 * Makes text from outside safe within a Mermaid diagram: syntax becomes numeric entities (`#35;`).
 */
export function mermaidText(text: string): string {
  return printable(text).replace(SYNTAX, (character) => `#${character.codePointAt(0)};`);
}

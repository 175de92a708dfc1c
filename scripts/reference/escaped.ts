/** Text of the sources as Markdown: outside of code, `<` begins no element. */
export function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 0 ? part.replaceAll("<", "\\<") : part))
    .join("");
}

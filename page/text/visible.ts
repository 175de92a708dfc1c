/**
 * Characters that show nothing, or change what stands beside them: controls, directions, separators
 * of lines, and those without a width.
 */
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Makes what comes from outside visible as it is: `⟨001B⟩` for an escape, `⟨202E⟩` for a character
 * that turns the direction. Ids and payloads go through this wherever they are shown.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => {
    const code = char.charCodeAt(0).toString(16).toUpperCase();
    return `\u27e8${code.padStart(4, "0")}\u27e9`;
  });
}

/** The same for text of several lines, such as a payload: line breaks and tabs stay. */
export function visibleLines(text: string): string {
  return text
    .split(/([\n\t])/)
    .map((part, place) => (place % 2 === 1 ? part : visible(part)))
    .join("");
}

/** A long text without its middle: ids of one kind differ at their ends. */
export function ends(text: string, letters: number): string {
  const all = [...text];
  if (all.length <= letters) return text;
  const tail = Math.floor((letters - 1) / 2);
  return `${all.slice(0, letters - 1 - tail).join("")}…${all.slice(-tail).join("")}`;
}

/** `payment.authorized` for `payment.authorized.v1`; later versions stay. */
export function shortType(type: string): string {
  return visible(type).replace(/\.v1$/, "");
}

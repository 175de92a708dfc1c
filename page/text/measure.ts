const context = document.createElement("canvas").getContext("2d");
const FAMILY = getComputedStyle(document.documentElement).getPropertyValue("--text");
const KEPT_MAX = 5_000;
const widths = new Map<string, number>();

/** How wide a text is, in pixels, in a size of the page's font. */
export function widthOf(text: string, size: number, bold = false): number {
  if (context === null) return text.length * size * 0.6;
  const font = `${bold ? 600 : 400} ${size}px ${FAMILY}`;
  const key = `${font} ${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  context.font = font;
  const { width } = context.measureText(text);
  if (widths.size >= KEPT_MAX) widths.clear();
  widths.set(key, width);
  return width;
}

/** Names differ at their ends as well: a long one is cut before its last letters. */
const TAIL = 0.4;

/** As much of a name as there is room for, of both its ends. */
export function shortened(name: string, room: number, size: number): string {
  if (widthOf(name, size, true) <= room) return name;
  const letters = [...name];
  const textOf = (kept: number) => {
    const tail = Math.floor(kept * TAIL);
    return [...letters.slice(0, kept - tail), "…", ...letters.slice(letters.length - tail)].join(
      "",
    );
  };
  let [least, most] = [1, letters.length - 1];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (widthOf(textOf(middle), size, true) <= room) least = middle;
    else most = middle - 1;
  }
  return textOf(least);
}

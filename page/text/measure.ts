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

/** As much of a text as there is room for. */
export function clipped(text: string, room: number, size: number, bold = false): string {
  if (widthOf(text, size, bold) <= room) return text;
  let [least, most] = [0, text.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (widthOf(`${text.slice(0, middle)}…`, size, bold) <= room) least = middle;
    else most = middle - 1;
  }
  return `${text.slice(0, Math.max(1, least))}…`;
}

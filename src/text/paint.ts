/** Colours, or none. */
export interface Paint {
  dim(text: string): string;
  bold(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  undo(text: string): string;
}

const same = (text: string) => text;
export const plainPaint: Paint = { dim: same, bold: same, good: same, bad: same, undo: same };

/** Colours text by meaning. `plainPaint` leaves text as it is. */
export interface Paint {
  dim(text: string): string;
  bold(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  undo(text: string): string;
}

const same = (text: string) => text;
/** Leaves all text as it is: the default wherever a `Paint` is optional. */
export const plainPaint: Paint = { dim: same, bold: same, good: same, bad: same, undo: same };

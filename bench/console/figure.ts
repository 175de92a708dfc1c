import { tableHead, tableRow } from "../harness/markdown.ts";

/** One line of the table of `docs/performance.md`. */
export interface Figure {
  readonly name: string;
  readonly measured: string;
  /** "" where there is none. */
  readonly goal: string;
  readonly met: boolean;
}

export const FIGURES_HEAD = tableHead(["", "measured", "goal", ""]);

export function figureRow({ name, measured, goal, met }: Figure): string {
  return tableRow([name, measured, goal, goal === "" ? "" : met ? "met" : "not met"]);
}

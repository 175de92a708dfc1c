/** One row of a Markdown table, as a line. */
export function tableRow(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |\n`;
}

/** The first two lines of a Markdown table. */
export function tableHead(names: readonly string[]): string {
  return tableRow(names) + tableRow(names.map(() => "---"));
}

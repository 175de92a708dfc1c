/** What a row has measured: as text, and as numbers for a program. */
export type Figure = { readonly text: string } & Readonly<Record<string, string | number>>;

/** One row of the table. */
export interface Row {
  readonly what: string;
  readonly goal: string;
  /** `onRun` is called now and then, to show that it goes on. */
  measure(onRun: () => void): Promise<Figure>;
}

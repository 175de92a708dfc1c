/** What the reference says of a code, in any choreography. */
export interface FindingEntry {
  /** What is wrong, and what it would do to a saga. */
  readonly meaning: string;
  /** What to change. */
  readonly hint: string;
}

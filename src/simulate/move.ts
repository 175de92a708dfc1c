/** Something that may happen next, besides a message that is handed over. */
export interface Move {
  perform(): void;
}

/** Something that may happen next, besides a message that is handed over. */
export interface Move {
  perform(): void;
}

/** Most steps have few: no list is made for none. */
export const NO_MOVES: readonly Move[] = [];

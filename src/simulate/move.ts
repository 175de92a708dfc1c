/** Something that may happen next, besides a message that is handed over. */
export interface Move {
  perform(): void;
  /** The service in which it begins a saga. */
  readonly begins?: string;
  /** The type of the event that comes with it from outside. */
  readonly arrives?: string;
}

/** Most steps have few: no list is made for none. */
export const NO_MOVES: readonly Move[] = [];

import type { Shelf, ShelfKind } from "../support/shelf.ts";

/** What a handler does to a shelf, written with a library. */
export interface ShelfLibrary
  extends Pick<Shelf, "read" | "write" | "note" | "fail" | "attempt" | "run"> {
  readonly name: string;
}

/** Thrown to undo a transaction that a library has opened. */
export const undone = new Error("undone");

export const ignore = (error: unknown): void => {
  if (error !== undone) throw error;
};

/** The tables of a shelf, as Kysely knows them. */
export interface Tables {
  readonly items: { readonly item: string; readonly count: number };
  readonly notes: { readonly text: string };
}

/** Shelves of a kind, on which handlers write through a library. */
export function through(kind: ShelfKind, { name: _name, ...library }: ShelfLibrary): ShelfKind {
  return {
    ...kind,
    async make(options) {
      const shelf = await kind.make(options);
      // A library begins a transaction as a savepoint: only what ends one is refused.
      const controls = shelf.controls.filter((text) => !/^(begin|start)/i.test(text));
      return Object.assign(shelf, { slow: true, controls, ...library });
    },
  };
}

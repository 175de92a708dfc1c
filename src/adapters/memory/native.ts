import { TransactionalMap, type UndoLog } from "./table.ts";

/**
 * Business rows that live in memory: make one with `memoryTable<Row>()`, open it with
 * `tx.in(table)`.
 */
export class MemoryTable<Row extends NonNullable<unknown>> {
  readonly rows = new Map<string, Row>();
}

/**
 * What handlers of a memory store write through. Rows are replaced, not changed in place, or a
 * rollback cannot put them back.
 */
export class MemoryTx {
  readonly #use: () => UndoLog | undefined;

  /**
   * `use` returns the undo log of the transaction, or throws where there is none. It returns
   * undefined where an access has to do nothing.
   */
  constructor(use: () => UndoLog | undefined) {
    this.#use = use;
  }

  in<Row extends NonNullable<unknown>>(table: MemoryTable<Row>): TransactionalMap<string, Row> {
    return new TransactionalMap(table.rows, this.#use);
  }
}

import { type Logged, TransactionalMap, type UndoLog } from "./table.ts";

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
  readonly #within: Logged;
  readonly #tables: Set<MemoryTable<NonNullable<unknown>>>;

  /**
   * `use` returns the undo log of the transaction, or throws where there is none. It returns
   * undefined where an access has to do nothing. `tables` is told of each table.
   */
  constructor(
    use: () => UndoLog | undefined,
    tables: Set<MemoryTable<NonNullable<unknown>>> = new Set(),
  ) {
    this.#within = new Access(use);
    this.#tables = tables;
  }

  in<Row extends NonNullable<unknown>>(table: MemoryTable<Row>): TransactionalMap<string, Row> {
    this.#tables.add(table);
    return new TransactionalMap(table.rows, this.#within);
  }
}

/** The undo log of the transaction that is open now. */
class Access implements Logged {
  readonly #use: () => UndoLog | undefined;

  constructor(use: () => UndoLog | undefined) {
    this.#use = use;
  }

  get log(): UndoLog | undefined {
    return this.#use();
  }
}

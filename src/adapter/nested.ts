import { transactionsOverlap } from "../ports/errors.ts";

const WORDS = String.raw`(?:\s+(?:work|transaction))?\s*;?\s*$`;
const BEGIN = new RegExp(String.raw`^\s*(?:begin|start\s+transaction)${WORDS}`, "i");
const COMMIT = new RegExp(String.raw`^\s*(?:commit|end)${WORDS}`, "i");
const ROLLBACK = new RegExp(String.raw`^\s*(?:rollback|abort)${WORDS}`, "i");

/**
 * Turns the transactions that a library opens inside a handler into savepoints: the delivery is the
 * transaction. What has no BEGIN of its own is left as it is, and is refused with
 * `TRANSACTION_CONTROL`, as is a BEGIN that asks for an isolation level.
 */
export class NestedTransactions {
  static readonly #known = new WeakMap<object, NestedTransactions>();
  #count = 0;
  /** Whose transaction is open. Savepoints are one stack: another's would be undone with it. */
  #owner: object | undefined;

  /** Returns what all wrappers of one handler's transaction share. */
  static of(tx: object): NestedTransactions {
    const known = NestedTransactions.#known.get(tx) ?? new NestedTransactions();
    NestedTransactions.#known.set(tx, known);
    return known;
  }

  /** Tells whether a library has begun a transaction in that of a handler, and not ended it. */
  static isOpen(tx: object): boolean {
    const known = NestedTransactions.#known.get(tx);
    return known !== undefined && known.#owner !== undefined;
  }

  /**
   * Translates the statements of one connection of the library. A BEGIN throws
   * `STATEMENT_UNSUPPORTED` while another connection has a transaction open.
   */
  connection(): (text: string) => string {
    const open: string[] = [];
    const self = {};
    /** A COMMIT that failed is followed by a ROLLBACK: it has to find its savepoint. */
    let committed: string | undefined;
    return (text) => {
      if (BEGIN.test(text)) {
        if (this.#owner !== undefined && this.#owner !== self) throw transactionsOverlap();
        this.#owner = self;
        committed = undefined;
        this.#count++;
        open.push(`odori_nested_${this.#count}`);
        return `SAVEPOINT ${open.at(-1)}`;
      }
      const isCommit = COMMIT.test(text);
      if (!isCommit && !ROLLBACK.test(text)) return text;
      const name = open.pop() ?? (isCommit ? undefined : committed);
      if (name === undefined) return text;
      committed = isCommit ? name : undefined;
      if (open.length === 0) this.#owner = undefined;
      const release = `RELEASE SAVEPOINT ${name}`;
      return isCommit ? release : `ROLLBACK TO SAVEPOINT ${name}; ${release}`;
    };
  }
}

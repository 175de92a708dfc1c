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
  #count = 0;

  /** Translates the statements of one connection of the library. */
  connection(): (text: string) => string {
    const open: string[] = [];
    return (text) => {
      if (BEGIN.test(text)) {
        this.#count++;
        open.push(`odori_nested_${this.#count}`);
        return `SAVEPOINT ${open.at(-1)}`;
      }
      const isCommit = COMMIT.test(text);
      if (open.length === 0 || !(isCommit || ROLLBACK.test(text))) return text;
      const name = open.pop();
      const release = `RELEASE SAVEPOINT ${name}`;
      return isCommit ? release : `ROLLBACK TO SAVEPOINT ${name}; ${release}`;
    };
  }
}

import { transactionEnded } from "../../ports/errors.ts";
import type { Together } from "../../ports/transaction.ts";
import { isAborted, isEnded } from "./errors.ts";
import type { Sql } from "./native.ts";
import type { OpenTransaction } from "./open-transaction.ts";
import { PostgresScope, type ScopeParts, type Turn } from "./scope.ts";

/** Handlers of one flight each in one savepoint; their statements are pipelined. */
export class PostgresTogether implements Together<Sql> {
  readonly culprits = new Set<PostgresScope>();
  readonly #parts: ScopeParts;
  readonly #open: OpenTransaction;
  readonly #scopes: PostgresScope[] = [];
  readonly #turn: Turn = { last: undefined };

  constructor(parts: ScopeParts, open: OpenTransaction) {
    this.#parts = parts;
    this.#open = open;
    open.savepoint();
  }

  scope(): PostgresScope {
    const scope = new PostgresScope(this.#parts, this.#open, {
      together: this.#turn,
      // The statements behind a failed one fail as well, through no fault of their own.
      onFailure: (error, culprit) => {
        if (!isAborted(error)) this.culprits.add(culprit);
      },
    });
    this.#scopes.push(scope);
    return scope;
  }

  keep(): void {}

  async interrupt(): Promise<void> {
    for (const scope of this.#scopes) scope.close();
    const pending = this.#scopes.filter((scope) => scope.interrupting());
    if (pending.length > 0) {
      const wait = await this.#parts.interrupt(this.#open).catch(() => "none" as const);
      await Promise.all(pending.map((scope) => scope.interrupted(wait)));
    }
  }

  async undo(): Promise<void> {
    await this.interrupt();
    try {
      await this.#open.undoToSavepoint();
    } catch (error) {
      throw isEnded(error) ? transactionEnded(error) : error;
    }
  }
}

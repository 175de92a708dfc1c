import type pg from "pg";
import type { Statement } from "./tables.ts";

/** The connection of `pg`, as far as a flight needs it: what `pg` itself calls in a query. */
interface Wire {
  readonly stream: { cork?(): void; uncork?(): void };
  parse(statement: { text: string; name: string; types: undefined }): void;
  bind(statement: { portal: string; statement: string; values: unknown[] }): void;
  execute(statement: { portal: string; rows: number }): void;
  sync(): void;
}

/** The statements that a connection has prepared. */
const known = new WeakMap<object, Set<string>>();

/**
 * Statements that are sent together and end with one Sync, so that the server answers once. `pg`
 * sends a Sync, and the server an answer, for each query. No rows are asked for.
 */
class Flight {
  /** `pg` reads these of every query. */
  readonly text = "flight";
  readonly name = undefined;
  callback = (): void => {};
  readonly #statements: readonly Statement[];
  readonly #done: (error: Error | undefined) => void;

  constructor(statements: readonly Statement[], done: (error: Error | undefined) => void) {
    this.#statements = statements;
    this.#done = done;
  }

  submit(connection: Wire): undefined {
    const names = known.get(connection) ?? new Set();
    known.set(connection, names);
    connection.stream.cork?.();
    for (const { name, text, values } of this.#statements) {
      if (!names.has(name)) connection.parse({ name, text, types: undefined });
      names.add(name);
      connection.bind({ portal: "", statement: name, values: [...values] });
      connection.execute({ portal: "", rows: 0 });
    }
    connection.sync();
    connection.stream.uncork?.();
    return undefined;
  }

  /** `pg` forgets a query that has failed, so nothing more is heard of it. */
  handleError(error: Error): void {
    this.#done(error);
  }

  handleReadyForQuery(): void {
    this.#done(undefined);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

/**
 * Resolves once all statements are done. The client is one without `pipeline: true`, which refuses
 * what is not a query of its own.
 */
export function fly(client: pg.Client, statements: readonly Statement[]): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(
      new Flight(statements, (error) => (error === undefined ? resolve() : reject(error))),
    );
  });
}

import pg from "pg";
import { NestedTransactions } from "../../adapter/nested.ts";
import { OdoriError } from "../../contract/errors.ts";
import type { Sql } from "./native.ts";
import { Sending, type SentStatement } from "./sql.ts";

/** As many as a library likes: each is the same transaction, so none has to wait for another. */
const CONNECTIONS_MAX = 1_000;

type Callback = (error: unknown, result?: unknown) => void;

/**
 * Wraps the transaction of a handler as a pool of `pg`, for libraries that are given one: Drizzle,
 * Kysely, Knex, Prisma. All its connections are the transaction itself, so each statement commits
 * and rolls back with the delivery. A transaction that the library opens becomes a savepoint.
 *
 * Throws `OPTION_INVALID` where `tx` is not the transaction of a handler or of `setup`.
 *
 * @example
 * ```ts
 * import { asPool, type Sql } from "odori/postgres";
 * import { charges, drizzleOf } from "./app.ts";
 *
 * const charge = (tx: Sql, orderId: string) =>
 *   drizzleOf(asPool(tx)).insert(charges).values({ orderId });
 * ```
 */
export function asPool(tx: Sql): pg.Pool {
  if (!(tx instanceof Sending))
    throw new OdoriError("OPTION_INVALID", "asPool takes the transaction of a handler.", {
      hint: "Pass the `tx` of the handler's context. A transaction of your own has its library.",
    });
  return new TransactionPool(tx);
}

class TransactionPool extends pg.Pool {
  /*
   * A library with another copy of `pg` takes this object for a configuration, and makes a pool
   * from its properties. With `Client` and these two, that pool is the transaction as well.
   */
  readonly max = CONNECTIONS_MAX;
  readonly idleTimeoutMillis = 0;

  constructor(sql: Sending) {
    const nested = NestedTransactions.of(sql);
    super({
      max: CONNECTIONS_MAX,
      idleTimeoutMillis: 0,
      Client: class extends TransactionClient {
        constructor() {
          super(sql, nested.connection());
        }
      },
    });
  }
}

/** A client of `pg` that never connects: it sends everything through the transaction. */
class TransactionClient extends pg.Client {
  constructor(sql: Sending, translate: (text: string) => string) {
    super();
    // Assigned, because the overloads of `pg` cannot be written down without `any`.
    Object.assign(this, {
      connect: (done?: Callback) => answer(Promise.resolve(this), done),
      end: (done?: Callback) => answer(Promise.resolve(), done),
      query(first: unknown, second?: unknown, third?: unknown) {
        const done = [second, third].find(isCallback);
        // As of `pg`, a statement that is refused is a rejection.
        const sent = async () => {
          const { text, ...rest } = statementOf(first, second);
          return sql.request({ text: translate(text), ...rest });
        };
        return answer(sent(), done);
      },
    });
  }
}

function statementOf(first: unknown, second: unknown): SentStatement {
  const values = Array.isArray(second) ? { values: second } : {};
  if (typeof first === "string") return { text: first, ...values };
  if (!isConfig(first)) throw notAStatement();
  // A name would be prepared under it on a connection that others use. The store has its own names.
  const { name: _name, ...statement } = first;
  return { ...statement, ...values };
}

const isCallback = (value: unknown): value is Callback => typeof value === "function";

/** A cursor or a stream has `submit`: it takes the connection, past what watches the handler. */
function isConfig(value: unknown): value is SentStatement & { readonly name?: string } {
  if (typeof value !== "object" || value === null || "submit" in value) return false;
  return "text" in value && typeof value.text === "string";
}

function notAStatement(): OdoriError {
  return new OdoriError(
    "STATEMENT_UNSUPPORTED",
    "A cursor or a stream cannot run in the transaction of a handler.",
    { hint: "Read the rows with one statement, or a part of them with LIMIT." },
  );
}

function answer(
  result: Promise<unknown>,
  done: Callback | undefined,
): Promise<unknown> | undefined {
  if (done === undefined) return result;
  result.then((value) => done(null, value), done);
  return undefined;
}

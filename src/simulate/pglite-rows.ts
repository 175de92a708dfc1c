import type { Sql, SqlResult } from "../adapters/postgres/native.ts";
import { OpenTransaction, type TransactionControl } from "../adapters/postgres/open-transaction.ts";
import { PreparedNames } from "../adapters/postgres/prepared.ts";
import type { Store } from "../ports/store.ts";
import { Bookkeeping, type SimulatedDatabase } from "./database.ts";
import { PgliteConnection } from "./pglite-connection.ts";
import { identifier, PgliteSession } from "./pglite-session.ts";
import { PgliteStore } from "./pglite-store.ts";

/** Opens one Postgres within this process, with a schema for each service. */
export async function openPglite(
  services: readonly string[],
): Promise<(service: string) => PgliteRows> {
  const session = await PgliteSession.open(services);
  return (service) => new PgliteRows(session, service, services.indexOf(service));
}

/**
 * A service whose rows are in a schema of PGlite, and whose bookkeeping is in maps: one process
 * has both, so that they commit together.
 */
export class PgliteRows extends Bookkeeping implements SimulatedDatabase<Sql> {
  readonly rows: Sql;
  readonly #session: PgliteSession;
  /** From 0; the first one resets the session that all share. */
  readonly #number: number;
  readonly #control: TransactionControl;
  readonly #prepared = new PreparedNames();

  constructor(session: PgliteSession, service: string, number: number) {
    super();
    this.#session = session;
    this.#number = number;
    const path = `SET LOCAL search_path TO ${identifier(service)}, odori_simulated, pg_catalog`;
    this.#control = {
      begin: `SAVEPOINT odori_group; ${path}`,
      commit: "RELEASE odori_group",
      rollback: "ROLLBACK TO odori_group; RELEASE odori_group",
    };
    const query = async (text: string, values: readonly unknown[] = []): Promise<SqlResult> => {
      await session.query(path);
      return session.query({ text, values: [...values] });
    };
    // Without a delivery to fail, the rejection fails the run.
    this.rows = { query, send: (text, values) => void query(text, values) };
  }

  open(): Store<Sql> {
    return new PgliteStore(this);
  }

  async keep(): Promise<void> {
    this.keepDeclarations();
    await this.#session.keep();
  }

  reset(): void {
    this.clear();
    if (this.#number === 0) this.#session.reset();
  }

  async close(): Promise<void> {
    if (this.#number === 0) await this.#session.close();
  }

  begin(now: () => number): OpenTransaction {
    const place = {
      ...{ session: this.#session, control: this.#control, now },
      prefix: `s${this.#number}_`,
    };
    return new OpenTransaction(
      new PgliteConnection(place),
      "the simulated database",
      this.#prepared,
      this.#control,
    );
  }

  /** Runs `work` while no transaction has used its rows without having ended. */
  undisturbed<T>(work: () => Promise<T>): Promise<T> {
    return this.#session.turn.run(work);
  }
}

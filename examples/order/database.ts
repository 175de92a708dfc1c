import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store, Tx } from "odori";
import { sqlite } from "odori/sqlite";

export type { Tx };

type Value = string | number;
export type Row = Readonly<Record<string, unknown>>;

/** Runs a statement with `?` for its values; returns how many rows changed. */
export async function run(tx: Tx, statement: string, ...values: readonly Value[]): Promise<number> {
  return (await tx.query(numbered(statement), values)).rowCount ?? 0;
}

export async function all(
  tx: Tx,
  statement: string,
  ...values: readonly Value[]
): Promise<readonly Row[]> {
  return (await tx.query(numbered(statement), values)).rows;
}

/**
 * Creates a service's own tables. Several processes of it may start at once, which `IF NOT EXISTS`
 * alone does not bear in Postgres.
 */
export async function create(tx: Tx, script: string): Promise<void> {
  if (!("run" in tx)) await tx.query("SELECT pg_advisory_xact_lock(hashtext(current_schema()))");
  await tx.query(script);
}

/** `$1`, `$2`, which both databases understand. */
function numbered(statement: string): string {
  let count = 0;
  return statement.replace(/\?/g, () => `$${++count}`);
}

/** Where the services keep their data: a database for each. */
export interface Databases {
  store(service: string): Store<Tx>;
  /**
   * Reads a service's own tables with plain SQL, past Odori; nothing where they are not there yet.
   */
  read(service: string, statement: string): Promise<readonly Row[]>;
  clear(services: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** A file for each service. */
export function files(folder: string): Databases {
  const fileOf = (service: string) => join(folder, `${service}.db`);
  const readers = new Map<string, DatabaseSync>();
  return {
    store(service) {
      mkdirSync(folder, { recursive: true });
      return sqlite(fileOf(service));
    },
    async read(service, statement) {
      const reader = readers.get(service) ?? new DatabaseSync(fileOf(service), { readOnly: true });
      readers.set(service, reader);
      return reader.prepare(statement).all();
    },
    clear: async () => rmSync(folder, { recursive: true, force: true }),
    async close() {
      for (const reader of readers.values()) reader.close();
    },
  };
}

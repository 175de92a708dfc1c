import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Option } from "commander";
import { type SqliteStore, sqlite } from "../adapters/sqlite/store.ts";
import { OdoriError } from "../contract/errors.ts";

/** Names a service and the open SQLite store with its data. */
export interface Found {
  readonly service: string;
  readonly store: SqliteStore;
}

/**
 * Creates the option `--data`. It falls back to `$ODORI_DATA`.
 * @default ".odori"
 */
export function dataOption(): Option {
  return new Option("--data <folder>", "folder of SQLite databases, or one database file")
    .env("ODORI_DATA")
    .default(".odori");
}

/**
 * Creates the option `--json`.
 * @default false
 */
export function jsonOption(): Option {
  return new Option("--json", "print JSON instead of text").default(false);
}

/**
 * Lists the database files in `data`: the `.db` files of a folder, in order, or the one file.
 * Throws `DATA_NOT_FOUND` if there are none.
 */
export function filesIn(data: string): readonly string[] {
  if (!existsSync(data)) throw notFound(data);
  const files = statSync(data).isDirectory()
    ? readdirSync(data)
        .filter((name) => name.endsWith(".db"))
        .sort()
        .map((name) => join(data, name))
    : [data];
  if (files.length === 0) throw notFound(data);
  return files;
}

/**
 * Opens every database in `data`, calls `work` with the stores, and closes the stores even if
 * `work` fails. Throws `DATA_NOT_FOUND` if there are none.
 */
export async function withStores<T>(
  data: string,
  work: (found: readonly Found[]) => Promise<T>,
): Promise<T> {
  const found: Found[] = [];
  try {
    for (const path of filesIn(data)) {
      const store = sqlite(path);
      found.push({ service: store.service(), store });
    }
    return await work(found);
  } finally {
    await Promise.all(found.map(({ store }) => store.close()));
  }
}

function notFound(data: string): OdoriError {
  return new OdoriError("DATA_NOT_FOUND", `Found no databases in ${data}.`, {
    hint: "Pass the folder with the SQLite files of the services: --data <folder>.",
  });
}

/** Describes the argument `<source...>` in `--help`. */
export const SOURCES =
  "modules that export a choreography or services, manifests, or AsyncAPI documents " +
  "(JSON or YAML); several sources are merged";

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Option } from "commander";
import { type SqliteStore, sqlite } from "../adapters/sqlite/store.ts";
import { OdoriError } from "../contract/errors.ts";

/** A service's database, found on disk. */
export interface Found {
  readonly service: string;
  readonly store: SqliteStore;
}

export function dataOption(): Option {
  return new Option("--data <folder>", "folder of the services' databases, or one of them")
    .env("ODORI_DATA")
    .default(".odori");
}

export function jsonOption(): Option {
  return new Option("--json", "print JSON").default(false);
}

/** The database files under `data`; throws `DATA_NOT_FOUND` where there is none. */
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

/** Opens every database under `data`, hands them over, and closes them. */
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
  return new OdoriError("DATA_NOT_FOUND", `There are no databases in ${data}.`, {
    hint: "Name the folder in which the services keep theirs: --data <folder>.",
  });
}

/** How `--help` describes what a command takes. */
export const SOURCES =
  "a module that exports a choreography or services, or manifests or AsyncAPI documents (JSON, YAML); several are merged";

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Option } from "commander";
import { sqlite } from "../adapters/sqlite/store.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Store } from "../ports/store.ts";
import { client } from "./client.ts";

/** A service's database, to be read and operated past the service. */
export interface Found {
  readonly service: string;
  readonly store: Pick<Store<unknown>, "inspect" | "declarations" | "census" | "close">;
}

const POSTGRES = /^postgres(ql)?:\/\//;

/**
 * Creates the option `--data`. It falls back to `$ODORI_DATA`.
 * @default ".odori"
 */
export function dataOption(): Option {
  return new Option(
    "--data <place>",
    "folder of SQLite databases, one database file, or the URL of a Postgres database",
  )
    .env("ODORI_DATA")
    .default(".odori");
}

/**
 * Creates the option `--data` of a command that needs files. It falls back to `$ODORI_DATA`.
 * @default ".odori"
 */
export function folderOption(): Option {
  return new Option("--data <folder>", "folder of SQLite databases, or one database file")
    .env("ODORI_DATA")
    .default(".odori")
    .argParser((data: string) => {
      if (!POSTGRES.test(data)) return data;
      // The message of the command line library would show the URL, and its password.
      throw new OdoriError("USAGE", "--data: this command needs a folder of SQLite databases.", {
        hint: "For doctor there is --postgres <url>.",
      });
    });
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
    await (POSTGRES.test(data) ? openSchemas(data, found) : openFiles(data, found));
    return await work(found);
  } finally {
    await Promise.all(found.map(({ store }) => store.close()));
  }
}

/** Names the place of the data in a message, without a password. */
export function shownData(data: string): string {
  if (!POSTGRES.test(data)) return data;
  return URL.canParse(data) ? `${new URL(data).host}${new URL(data).pathname}` : "the database";
}

async function openFiles(data: string, found: Found[]): Promise<void> {
  for (const path of filesIn(data)) {
    const store = sqlite(path);
    found.push({ service: store.service(), store });
  }
}

async function openSchemas(url: string, found: Found[]): Promise<void> {
  const [{ postgres }, { schemasIn }] = await client("pg", () =>
    Promise.all([
      import("../adapters/postgres/store.ts"),
      import("../adapters/postgres/schemas.ts"),
    ]),
  );
  for (const schema of await schemasIn({ connectionString: url })) {
    const store = postgres({ connectionString: url, schema, connectionsMax: 2 });
    const entry = { service: "", store };
    found.push(entry);
    entry.service = await store.service();
  }
  if (found.length === 0) throw notFound(url);
}

function notFound(data: string): OdoriError {
  return new OdoriError("DATA_NOT_FOUND", `Found no databases in ${shownData(data)}.`, {
    hint:
      "Pass the folder with the SQLite files of the services, or the URL of their Postgres " +
      "database: --data <place>.",
  });
}

/** Describes the argument `<source...>` in `--help`. */
export const SOURCES =
  "modules that export a choreography or services (they are imported, so their top level runs; " +
  "start() refuses meanwhile), manifests, AsyncAPI documents, or overlays of `odori link init` " +
  "(JSON or YAML); several sources are merged";

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Option } from "commander";
import { sqlite } from "../adapters/sqlite/store.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Store } from "../ports/store.ts";
import { client } from "./client.ts";
import { type PostgresPlace, type StorePlace, shownPlace } from "./place.ts";

/** A service's database, to be read and operated past the service. */
export interface Found {
  readonly service: string;
  readonly store: Pick<Store<unknown>, "inspect" | "declarations" | "census" | "close">;
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
  if (!existsSync(data)) throw dataNotFound(data);
  const files = statSync(data).isDirectory()
    ? readdirSync(data)
        .filter((name) => name.endsWith(".db"))
        .sort()
        .map((name) => join(data, name))
    : [data];
  if (files.length === 0) throw dataNotFound(data);
  return files;
}

/**
 * Opens every database of a place, calls `work` with the stores and the place, and closes the
 * stores even if `work` fails. Throws `DATA_NOT_FOUND` if there are none.
 */
export async function withStores<T>(
  place: StorePlace,
  work: (found: readonly Found[], place: StorePlace) => Promise<T>,
): Promise<T> {
  const found: Found[] = [];
  try {
    await (place.kind === "postgres" ? openSchemas(place, found) : openFiles(place.path, found));
    return await work(found, place);
  } finally {
    await Promise.all(found.map(({ store }) => store.close()));
  }
}

async function openFiles(data: string, found: Found[]): Promise<void> {
  for (const path of filesIn(data)) {
    const store = sqlite(path);
    found.push({ service: store.service(), store });
  }
}

async function openSchemas(place: PostgresPlace, found: Found[]): Promise<void> {
  const { url: connectionString, schemas, ssl } = place;
  const options = { connectionString, ...(ssl !== undefined && { ssl }) };
  const [{ postgres }, { schemasIn }] = await client("pg", () =>
    Promise.all([
      import("../adapters/postgres/store.ts"),
      import("../adapters/postgres/schemas.ts"),
    ]),
  );
  for (const schema of schemas ?? (await schemasIn(options))) {
    const store = postgres({ ...options, schema, connectionsMax: 2 });
    const entry = { service: "", store };
    found.push(entry);
    entry.service = await store.service();
  }
  if (found.length === 0) throw dataNotFound(shownPlace(place));
}

export function dataNotFound(where: string): OdoriError {
  return new OdoriError("DATA_NOT_FOUND", `Found no databases in ${where}.`, {
    hint:
      "Pass the folder with the SQLite files of the services (--data <folder>), or their " +
      "Postgres database (--postgres <url>).",
  });
}

/** Describes the argument `<source...>` in `--help`. */
export const SOURCES =
  "modules that export a choreography or services (they are imported, so their top level runs; " +
  "start() refuses meanwhile), manifests, AsyncAPI documents, or overlays of `odori link init` " +
  "(JSON or YAML); several sources are merged";

/** Describes the argument `[source...]`, of which the configuration may name the default. */
export const SOURCES_OR_OWN = `${SOURCES} (default: choreography of odori.config.json)`;

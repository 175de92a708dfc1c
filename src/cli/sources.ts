import type { Command } from "commander";
import { SqliteSource } from "../adapters/sqlite/source.ts";
import type { JournalSource } from "../ports/source.ts";
import { client } from "./client.ts";
import { dataNotFound, filesIn } from "./data.ts";
import {
  type PlaceFlags,
  type PostgresPlace,
  placeFlags,
  type StorePlace,
  shownPlace,
  storePlaceOf,
} from "./place.ts";

/**
 * Opens every database of a place for reading, calls `work`, and closes them even if it fails.
 * Throws `DATA_NOT_FOUND` if there are none.
 */
export async function withSources<T>(
  places: SourcePlaces,
  work: (sources: readonly JournalSource[]) => Promise<T>,
): Promise<T> {
  const sources = await openSources(places);
  try {
    return await work(sources);
  } finally {
    await closeAll(sources);
  }
}

/** Databases, and services that are read over HTTP. */
export interface SourcePlaces {
  /** Undefined: only `http`. */
  readonly place: StorePlace | undefined;
  /** Addresses of `sourceHandler`. */
  readonly http: readonly string[];
}

/** The flags that `sourceFlags` adds. */
export interface SourceFlags extends PlaceFlags {
  readonly http: readonly string[];
}

/** Adds `--http` to the flags that name databases. */
export function sourceFlags(command: Command): Command {
  return placeFlags(command).option(
    "--http <url...>",
    "services that are read over HTTP (sourceHandler of odori/web); their token is " +
      "$ODORI_SOURCE_TOKEN",
    [],
  );
}

/** Finds what to read: with `--http` a database is read only if a flag names it. */
export async function sourcePlacesOf(flags: SourceFlags): Promise<SourcePlaces> {
  const { http, data, postgres } = flags;
  const isNamed = data !== undefined || postgres !== undefined || http.length === 0;
  return { place: isNamed ? await storePlaceOf(flags) : undefined, http };
}

/** Names what is read, without credentials. */
export function shownSources({ place, http }: SourcePlaces): string {
  const hosts = http.map((url) => (URL.canParse(url) ? new URL(url).host : "a service"));
  return [...(place === undefined ? [] : [shownPlace(place)]), ...hosts].join(", ");
}

/** Opens all that is to be read. Throws `DATA_NOT_FOUND` if there are no databases. */
export async function openSources({
  place,
  http,
}: SourcePlaces): Promise<readonly JournalSource[]> {
  const token = process.env.ODORI_SOURCE_TOKEN ?? "";
  const stores = place === undefined ? [] : await openStores(place);
  if (http.length === 0) return stores;
  const { httpSource } = await import("../web/http-source.ts");
  return [...stores, ...http.map((url) => httpSource({ url, token }))];
}

async function openStores(place: StorePlace): Promise<readonly JournalSource[]> {
  const sources: JournalSource[] = [];
  try {
    if (place.kind === "postgres") await openSchemas(place, sources);
    else for (const path of filesIn(place.path)) sources.push(new SqliteSource(path));
    if (sources.length === 0) throw dataNotFound(shownPlace(place));
    return sources;
  } catch (error) {
    await closeAll(sources);
    throw error;
  }
}

async function closeAll(sources: readonly JournalSource[]): Promise<void> {
  await Promise.all(sources.map((source) => source.close()));
}

async function openSchemas(place: PostgresPlace, sources: JournalSource[]): Promise<void> {
  const { url: connectionString, schemas, ssl } = place;
  const options = { connectionString, ...(ssl !== undefined && { ssl }) };
  const [{ PostgresSource }, { schemasIn }] = await client("pg", () =>
    Promise.all([
      import("../adapters/postgres/source.ts"),
      import("../adapters/postgres/schemas.ts"),
    ]),
  );
  for (const schema of schemas ?? (await schemasIn(options)))
    sources.push(new PostgresSource({ ...options, schema }));
}

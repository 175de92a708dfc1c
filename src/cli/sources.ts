import { SqliteSource } from "../adapters/sqlite/source.ts";
import type { JournalSource } from "../ports/source.ts";
import { client } from "./client.ts";
import { dataNotFound, filesIn } from "./data.ts";
import { type PostgresPlace, type StorePlace, shownPlace } from "./place.ts";

/**
 * Opens every database of a place for reading, calls `work`, and closes them even if it fails.
 * Throws `DATA_NOT_FOUND` if there are none.
 */
export async function withSources<T>(
  place: StorePlace,
  work: (sources: readonly JournalSource[]) => Promise<T>,
): Promise<T> {
  const sources = await openSources(place);
  try {
    return await work(sources);
  } finally {
    await closeAll(sources);
  }
}

/** Opens every database of a place for reading. Throws `DATA_NOT_FOUND` if there are none. */
export async function openSources(place: StorePlace): Promise<readonly JournalSource[]> {
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

import type { DatabaseSync } from "node:sqlite";

/** Columns that an older version did not have. */
const ADDED = ["reaction", "event"] as const;

/**
 * Makes the table of what people did, in the projection or in a database of its own. It is in no
 * journal: it stays when a projection is built again, and gets the columns that it lacks.
 *
 * @param record the path of that database; undefined: in the projection
 */
export function openActions(database: DatabaseSync, record: string | undefined): void {
  if (record !== undefined) database.prepare("ATTACH ? AS record").run(record);
  const place = record === undefined ? "main" : "record";
  database.exec(`CREATE TABLE IF NOT EXISTS ${place}.action (
      id       INTEGER PRIMARY KEY,
      at       INTEGER NOT NULL,
      action   TEXT NOT NULL,
      delivery TEXT NOT NULL,
      saga     TEXT,
      reason   TEXT,
      failed   TEXT,
      -- Of a retry: what was delivered again.
      reaction TEXT,
      event    TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS ${place}.action_saga ON action (saga, id) WHERE saga IS NOT NULL;
    CREATE INDEX IF NOT EXISTS ${place}.action_delivery ON action (delivery, id);`);
  const columns = database.prepare(`PRAGMA ${place}.table_info(action)`).all();
  for (const column of ADDED)
    if (!columns.some(({ name }) => name === column))
      database.exec(`ALTER TABLE ${place}.action ADD COLUMN ${column} TEXT`);
}

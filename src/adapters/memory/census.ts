import type { CensusRow } from "../../ports/declarations.ts";
import type { MemoryDatabase } from "./database.ts";

/** Counts deferred deliveries by reaction, type and state, or marks by name and state. */
export function census(database: MemoryDatabase, kind: CensusRow["kind"]): readonly CensusRow[] {
  const rows = new Map<string, CensusRow>();
  const count = (row: CensusRow) => {
    const type = row.kind === "deferred" ? row.type : "";
    const key = [row.kind, row.name, type, row.state].join("\n");
    const known = rows.get(key);
    rows.set(key, {
      ...row,
      count: (known?.count ?? 0) + 1,
      newestAt: Math.max(known?.newestAt ?? 0, row.newestAt),
    });
  };
  if (kind === "deferred")
    for (const { reaction: name, type, state, at: newestAt } of database.deferred.values())
      count({ kind, name, type, state, count: 1, newestAt });
  else
    for (const { marks, last: newestAt } of database.sagas.values())
      for (const [name, state] of marks) count({ kind, name, state, count: 1, newestAt });
  return [...rows.values()];
}

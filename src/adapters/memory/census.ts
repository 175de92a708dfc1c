import type { CensusRow } from "../../ports/declarations.ts";
import type { MemoryDatabase } from "./database.ts";

/** Counts deferred deliveries by reaction, type and state, and marks by name and state. */
export function census(database: MemoryDatabase): readonly CensusRow[] {
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
  for (const { reaction: name, type, state, at: newestAt } of database.deferred.values())
    count({ kind: "deferred", name, type, state, count: 1, newestAt });
  for (const { marks, last: newestAt } of database.sagas.values())
    for (const [name, state] of marks) count({ kind: "mark", name, state, count: 1, newestAt });
  return [...rows.values()];
}

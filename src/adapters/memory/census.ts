import type { CensusRow } from "../../ports/declarations.ts";
import type { MemoryDatabase } from "./database.ts";

/** Counts deferred deliveries by reaction and state, and marks by name and state. */
export function census(database: MemoryDatabase): readonly CensusRow[] {
  const rows = new Map<string, CensusRow>();
  const count = (row: CensusRow) => {
    const key = [row.kind, row.name, row.state].join("\n");
    const known = rows.get(key);
    rows.set(key, {
      ...row,
      count: (known?.count ?? 0) + 1,
      newestAt: Math.max(known?.newestAt ?? 0, row.newestAt),
    });
  };
  for (const { reaction: name, state, at: newestAt } of database.deferred.values())
    count({ kind: "deferred", name, state, count: 1, newestAt });
  for (const records of database.sagas.values()) {
    const last = records.at(-1);
    const marks = last && database.fence.get(last.sagaId);
    if (last === undefined || marks === undefined) continue;
    for (const [name, state] of marks)
      count({ kind: "mark", name, state, count: 1, newestAt: last.at });
  }
  return [...rows.values()];
}

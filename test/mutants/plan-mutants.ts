import { edit, type Mutant } from "./mutant.ts";

const file = "adapters/postgres/upkeep-statements.ts";
const reads = "no statement of the bookkeeping reads a whole table of sagas or deliveries";

/** Bookkeeping on Postgres that reads all that is deferred, again and again. */
export const PLAN_MUTANTS: readonly Mutant[] = [
  {
    name: "each look for work reads all deliveries for a clock that has stepped back",
    edits: [
      edit(file, "coalesce((SELECT max(set_at) FROM", "EXISTS (SELECT 1 FROM"),
      edit(file, ") > t, false) AS stepped", " AND set_at > t) AS stepped"),
    ],
    suite: "postgres",
    caughtBy: reads,
  },
  {
    name: "retention compares deliveries under the collation of sagas",
    edits: [edit(file, '.saga_id COLLATE "default"`;', ".saga_id`;")],
    suite: "postgres",
    caughtBy: reads,
  },
];

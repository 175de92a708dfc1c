import { edit, type Mutant } from "./mutant.ts";

const file = "adapters/postgres/upkeep-statements.ts";
const feed = "adapters/postgres/feed-statements.ts";
const planned = "the feed has one plan, by indexes, also if it was made for small tables";
const reads = "no statement of the bookkeeping reads a whole table of sagas or deliveries";

/** Statements on Postgres that read more than they need, or are planned again and again. */
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
  {
    name: "the feed is planned each time that it is read",
    edits: [edit(feed, "= force_generic_plan;", "= auto;")],
    suite: "postgres",
    caughtBy: planned,
  },
  {
    name: "a plan of the feed that reads small tables as a whole is kept",
    edits: [edit(feed, "enable_seqscan = off`", "enable_seqscan = on`")],
    suite: "postgres",
    caughtBy: planned,
  },
];

import { edit, type Mutant } from "./mutant.ts";

const late = "a row whose transaction commits late is read, whichever id that has";
const first = "the runtime's transactions have their id before they take a number";
const interpreted = "what is read is not compiled just in time";

/** Feeds that lose the rows of transactions which commit late. */
export const FEED_MUTANTS: readonly Mutant[] = [
  {
    name: "a gap of the feed is below the upper end of the snapshot that shows it",
    edits: [
      edit(
        "adapters/postgres/feed-statements.ts",
        "::text AS running",
        "::text AS running, pg_snapshot_xmax(pg_current_snapshot())::text AS upper",
      ),
      edit(
        "adapters/postgres/source.ts",
        "row?.running)), list:",
        "row?.running)), upper: BigInt(String(row?.upper)), list:",
      ),
      edit(
        "adapters/postgres/source.ts",
        "readonly running: bigint;",
        "readonly running: bigint; readonly upper: bigint;",
      ),
      edit("adapters/postgres/source.ts", "{ running, list } =", "{ running, upper, list } ="),
      edit(
        "adapters/postgres/source.ts",
        "await this.#draw())",
        "upper + 0n * (await this.#draw()))",
      ),
    ],
    suite: "postgres",
    caughtBy: late,
  },
  {
    name: "a gap of the feed is forgotten with the next page",
    edits: [
      edit("adapters/postgres/feed-place.ts", "below === undefined || running < below ||", ""),
    ],
    suite: "postgres",
    caughtBy: late,
  },
  {
    name: "a batch takes its numbers before it has an id",
    edits: [
      edit(
        "adapters/postgres/statements.ts",
        "pg_current_xact_id()::text AS xid, pg_backend_pid()",
        "pg_current_xact_id_if_assigned()::text AS xid, pg_backend_pid()",
      ),
    ],
    suite: "postgres",
    caughtBy: first,
  },
  {
    name: "the feed is compiled just in time",
    edits: [
      edit("adapters/postgres/source.ts", "query(FEED_BEGIN)", "query(FEED_BEGIN.slice(0, 5))"),
    ],
    suite: "postgres",
    caughtBy: interpreted,
  },
  {
    name: "sagas that are read are compiled just in time",
    edits: [edit("adapters/postgres/store.ts", "open.interpret();", "")],
    suite: "postgres",
    caughtBy: interpreted,
  },
];

import { edit, type Mutant } from "./mutant.ts";

/** Broken runtimes and adapters that the suite of stores catches on SQLite. */
export const SQLITE_MUTANTS: readonly Mutant[] = [
  {
    name: "a row is reduced for every ticket",
    edits: [
      edit(
        "adapters/sqlite/transaction.ts",
        "SET count = ?, events = ? WHERE ticket = ?",
        "SET count = ?, events = ? WHERE ticket >= ?",
      ),
    ],
    suite: "sqlite",
    caughtBy: "a reduced row keeps the rest of its events",
  },
  {
    name: "a page of sagas begins behind the time alone",
    edits: [
      edit(
        "adapters/sqlite/list.ts",
        "(s.born, s.saga_id) < (?1, ?2) AND",
        "s.born < ?1 AND ?2 IS NOT NULL AND",
      ),
    ],
    suite: "sqlite",
    caughtBy: "many sagas are listed in pages, each once, the latest first",
  },
  {
    name: "what a process holds is anybody's, on SQLite",
    edits: [edit("adapters/sqlite/transaction.ts", "row.held === true ?", "row.held === null ?")],
    suite: "sqlite",
    caughtBy: "what a process holds is left to it while it lives",
  },
  {
    name: "what was held counts as claimed less than never",
    edits: [edit("adapters/sqlite/claim.ts", "max(claims - 1, 0)", "claims - 1")],
    suite: "sqlite",
    caughtBy: "what a process holds it gives up by closing",
  },
  {
    name: "an amended row forgets its duplicates",
    edits: [
      edit(
        "adapters/sqlite/transaction.ts",
        "Number(sql.get(FIND_DUPLICATES, ...key)?.duplicates ?? 0)",
        "Number(sql.get(FIND_DUPLICATES, ...key)?.duplicates ?? 0) * 0",
      ),
    ],
    suite: "sqlite",
    caughtBy: "a duplicate is counted at its row, which keeps its place",
  },
  {
    name: "a failed delivery does not hold back the next one of its saga",
    edits: [
      edit(
        "adapters/sqlite/transaction.ts",
        "anyBlocking && sql.get(FIND_BLOCKING,",
        'anyBlocking && sagaId === "" && sql.get(FIND_BLOCKING,',
      ),
    ],
    suite: "sqlite",
    caughtBy: "parked: blocks its reaction and saga, and nothing else",
  },
  {
    name: "a handler may write into a transaction after its own",
    edits: [edit("adapters/sqlite/store.ts", "for (const scope of scopes) scope.end();", "")],
    suite: "sqlite",
    caughtBy: "a handler that outlives its transaction writes into no other",
  },
  {
    name: "inbox key without the reaction",
    edits: [
      edit(
        "adapters/sqlite/transaction.ts",
        "SELECT 1 FROM odori_inbox\n  WHERE born = ? AND saga_id = ? AND reaction = ?",
        "SELECT 1 FROM odori_inbox\n  WHERE born = ? AND saga_id = ? AND (reaction = ? OR true)",
      ),
    ],
    suite: "sqlite",
    caughtBy: "saga, reaction, source, id and stem of the type identify a row",
  },
  {
    name: "purge too early",
    edits: [
      edit(
        "adapters/sqlite/purge.ts",
        "born, last < ?3 AND NOT EXISTS",
        "born, last < ?3 + 1000000 AND NOT EXISTS",
      ),
    ],
    suite: "sqlite",
    caughtBy: "a closed saga goes whole: rows and marks",
  },
  {
    name: "purge of a running saga",
    edits: [
      edit(
        "adapters/sqlite/purge.ts",
        "AS d WHERE d.saga_id = s.saga_id AND d.",
        "AS d WHERE false AND d.saga_id = s.saga_id AND d.",
      ),
    ],
    suite: "sqlite",
    caughtBy: "a saga with a delivery that is parked is never purged",
  },
  {
    name: "the attempt is written after the handler",
    edits: [
      edit(
        "adapters/sqlite/claim.ts",
        "SET owner = ?, claims = claims + 1",
        "SET owner = ?, claims = claims",
      ),
    ],
    suite: "sqlite",
    caughtBy: "claims count up to an outcome, and begin again",
  },
  {
    name: "a deadline is a date",
    edits: [
      edit(
        "adapters/sqlite/claim.ts",
        "connection.run(STEADY, now);",
        "connection.get(STEPPED, now);",
      ),
    ],
    suite: "sqlite",
    caughtBy: "clock-steps-back: a delay is a duration, not a date",
  },
  {
    name: "lease without epoch",
    edits: [
      edit(
        "adapters/sqlite/transaction.ts",
        "WHERE seq = ? AND owner IS ? AND",
        "WHERE seq = ? AND (owner IS ? OR true) AND",
      ),
    ],
    suite: "sqlite",
    caughtBy: "only its holder handles it, or another one after its death",
  },
  {
    name: "rows of the living are claimed",
    edits: [
      edit(
        "adapters/sqlite/claim.ts",
        "OR owner NOT IN (SELECT owner FROM",
        "OR owner IN (SELECT owner FROM",
      ),
    ],
    suite: "sqlite",
    caughtBy: "what a live process has enqueued is its own",
  },
  {
    name: "time without a look counts against the silent",
    edits: [
      edit("adapter/roster.ts", "Math.min(passedMs, limitMs / LOOKS)", "passedMs + 0 * limitMs"),
    ],
    suite: "sqlite",
    caughtBy: "time without a look says nothing",
  },
  {
    name: "a beat does not keep a process alive",
    edits: [
      edit(
        "adapter/roster.ts",
        "silentMs = before?.beat === beat",
        "silentMs = before !== undefined",
      ),
    ],
    suite: "sqlite",
    caughtBy: "a process that says that it lives is not dead, however slow",
  },
  {
    name: "a process gives up what another one has taken over",
    edits: [
      edit(
        "adapters/sqlite/transaction.ts",
        "SET owner = NULL WHERE ticket = ? AND owner = ?",
        "SET owner = NULL WHERE ticket = ? AND ? IS NOT NULL",
      ),
    ],
    suite: "sqlite",
    caughtBy: "a process that was found dead learns of it, and lives on",
  },
  {
    name: "a failed handler's rows are committed",
    edits: [edit("adapters/sqlite/store.ts", "rollback(connection);", "commit(connection);")],
    suite: "sqlite",
    caughtBy: "they roll back together, and the caller gets its own error",
  },
  {
    name: "a handler's error is treated as the database's",
    edits: [
      edit(
        "runtime/solo.ts",
        'source === "store" && error instanceof StoreUnavailableError',
        "error instanceof StoreUnavailableError",
      ),
    ],
    suite: "sqlite",
    caughtBy: "econnrefused: what a handler throws is its own, also if it looks like the database",
  },
  {
    name: "a slow handler keeps its group",
    edits: [
      edit(
        "runtime/group.ts",
        "await handlerEnds(this.#limits, handler, running)",
        "await running.then(() => true)",
      ),
    ],
    suite: "sqlite",
    caughtBy: "hang, slow-handler-holds-all: while one hangs, the others go on",
  },
  {
    name: "a handler by itself commits without a second look at its saga",
    edits: [edit("runtime/solo.ts", "|| !isSame(now, received)", "")],
    suite: "sqlite",
    caughtBy: "a handler by itself runs again where its saga has changed meanwhile",
  },
  {
    name: "what hangs outlives the stop",
    edits: [
      edit(
        "runtime/alone.ts",
        "for (const scope of this.#scopes.values()) scope.cancel(error);",
        "",
      ),
    ],
    suite: "sqlite",
    caughtBy: "stop: stop ends in time while handlers hang, and they come again",
  },
  {
    name: "a signal that is asked for late is not aborted",
    edits: [edit("runtime/handler-context.ts", "this.#aborted ??= { reason };", "")],
    suite: "sqlite",
    caughtBy: "signal: a signal asked for after the timeout is aborted",
  },
  {
    name: "ready while the database is away",
    edits: [edit("runtime/health.ts", "fault = error;", "")],
    suite: "sqlite",
    caughtBy: "health: a service without work is not ready while its database is away",
  },
  {
    name: "a transaction that has ended is written to",
    edits: [
      edit(
        "adapters/sqlite/scope.ts",
        "if (!this.#parts.connection.database.isTransaction) throw",
        "if (!this.#parts.connection.database.isOpen) throw",
      ),
    ],
    suite: "sqlite",
    caughtBy: "an INSERT OR ROLLBACK that the handler swallows is the delivery's failure",
  },
  {
    name: "a transaction that a library leaves open commits with the delivery",
    edits: [
      edit("adapters/sqlite/scope.ts", "awaited && !NestedTransactions.isOpen(this)", "awaited"),
    ],
    suite: "sqlite",
    caughtBy: "a transaction that a library leaves open is the handler's failure",
  },
  {
    name: "a statement after its handler has returned throws",
    edits: [edit("adapters/sqlite/scope.ts", "if (this.#strays.has()) return NOTHING;", "")],
    suite: "sqlite",
    caughtBy: "a statement of a handler that has returned does nothing",
  },
  {
    name: "what was sent is not waited for",
    edits: [
      edit(
        "runtime/scope.ts",
        "return this.waits ? this.#handler.sent?.() : undefined;",
        "return undefined;",
      ),
    ],
    suite: "sqlite",
    caughtBy: "one that fails costs its own delivery, and the others are there once",
  },
];

import { edit, type Mutant } from "./mutant.ts";

/** Broken runtimes and adapters that the suite of stores catches on PostgreSQL. */
export const POSTGRES_MUTANTS: readonly Mutant[] = [
  {
    name: "two processes find one death, on Postgres",
    edits: [
      edit(
        "adapters/postgres/upkeep-statements.ts",
        "} FOR UPDATE OF m SKIP LOCKED)",
        "} OR true FOR UPDATE OF m SKIP LOCKED)",
      ),
      edit("adapters/postgres/upkeep-statements.ts", "}) AS members", "} OR true) AS members"),
    ],
    suite: "postgres",
    caughtBy: "one process finds a death, and says what it takes over",
  },
  {
    name: "the last correlation id of a saga is kept",
    edits: [
      edit(
        "adapters/postgres/write-statement.ts",
        "coalesce(s.correlation_id, excluded.correlation_id)",
        "coalesce(excluded.correlation_id, s.correlation_id)",
      ),
    ],
    suite: "postgres",
    caughtBy: "the first correlation id of a saga is kept, else it is its own",
  },
  {
    name: "what a process holds is anybody's, on Postgres",
    edits: [
      edit("adapters/postgres/write-statement.ts", "WHEN r.held THEN", "WHEN NOT r.held THEN"),
    ],
    suite: "postgres",
    caughtBy: "what a process holds is left to it while it lives",
  },
  {
    name: "a setting of the session counts as a conflict",
    edits: [edit("adapters/postgres/scope.ts", "this.needsOwn = true", "this.contended = true")],
    suite: "postgres",
    caughtBy: "handlers that set something for their transaction do not wait for each other",
  },
  {
    name: "the failure behind a swallowed one is told as the cause",
    edits: [
      edit(
        "adapters/postgres/scope.ts",
        "isAborted(error) && this.#aborting !== undefined ? this.#swallowed() : error",
        "error",
      ),
    ],
    suite: "postgres",
    caughtBy: "the first one is the cause, with another statement after it, in a group",
  },
  {
    name: "a handler that ends its own connection runs for ever",
    edits: [edit("runtime/losses.ts", "known.times >= LOSSES_MAX", "known.times < 0")],
    suite: "postgres",
    caughtBy: "a handler that ends its own connection each time is parked",
  },
  {
    name: "a lost connection is an attempt",
    edits: [
      edit(
        "adapters/postgres/scope.ts",
        "this.lost ||= isLostConnection(error);",
        "this.lost ||= false;",
      ),
    ],
    suite: "postgres",
    caughtBy: "one that is closed during a statement costs a handler by itself nothing",
  },
  {
    name: "the row of a saga that is busy is waited for",
    edits: [
      edit(
        "adapters/postgres/statements.ts",
        "WHERE pg_try_advisory_xact_lock($" + "{LOCK_SPACE}, hashtext('$S ' || saga_id)))",
        "WHERE saga_id IS NOT NULL)",
      ),
    ],
    suite: "postgres",
    caughtBy:
      "a deferred delivery of a saga that another transaction holds is busy, and not waited for",
  },
  {
    name: "what is settled still blocks in the statement that settles it",
    edits: [
      edit(
        "adapters/postgres/statements.ts",
        "reaction, false AS blocks)\n       $",
        "reaction, true AS blocks)\n       $",
      ),
    ],
    suite: "postgres",
    caughtBy: "what waits becomes due in its turn, one at a time",
  },
  {
    name: "purge of a running saga on Postgres",
    edits: [
      edit(
        "adapters/postgres/upkeep-statements.ts",
        "const OPENS = \"state IN ('armed', 'retrying', 'waiting', 'parked')\";",
        "const OPENS = \"state IN ('armed', 'retrying', 'waiting')\";",
      ),
    ],
    suite: "postgres",
    caughtBy: "a saga with a delivery that is parked is never purged",
  },
  {
    name: "cursor by id",
    edits: [
      edit(
        "adapters/postgres/claim.ts",
        "outbox: outbox",
        "outbox: outbox.filter(({ ticket }) =>\n" +
          "Number(ticket) > seen.cursor && (seen.cursor = Number(ticket)))",
      ),
      edit(
        "adapters/postgres/claim.ts",
        "/** Takes rows for",
        "const seen = { cursor: 0 };\n/** Takes rows for",
      ),
    ],
    suite: "postgres",
    caughtBy: "a row that commits after a younger one is claimed all the same",
  },
  {
    name: "no lock on the saga",
    edits: [
      edit(
        "adapters/postgres/transaction.ts",
        "this.#waits ? lock : tryLock, [JSON.stringify(sagas)]",
        'this.#waits ? lock : tryLock, ["[]"]',
      ),
    ],
    suite: "postgres",
    caughtBy: "of two processes that find a mark absent, one writes it",
  },
  {
    name: "retry after an ambiguous commit",
    edits: [
      edit(
        "adapters/postgres/store.ts",
        "if (evidence !== undefined && (await this.#verdict(evidence, error))) {",
        'if (evidence !== undefined && evidence.at === "never") {',
      ),
    ],
    suite: "postgres",
    caughtBy: "a COMMIT that was not answered is found to have happened",
  },
  {
    name: "events of a commit without an answer are kept back",
    edits: [
      edit(
        "adapters/postgres/store.ts",
        "if (failure !== undefined) this.#members?.renounce();",
        "",
      ),
    ],
    suite: "postgres",
    caughtBy: "a COMMIT sent along with the last write has happened: its events are published",
  },
  {
    name: "a failed last write counts as committed",
    edits: [
      edit(
        "adapters/postgres/store.ts",
        'if (command === "ROLLBACK")',
        'if (command === "ROLLBACK" && failure === undefined)',
      ),
    ],
    suite: "postgres",
    caughtBy: "the error of the last write is reported, not that of the COMMIT behind it",
  },
  {
    name: "a claim without an answer is kept",
    edits: [
      edit(
        "adapters/postgres/store.ts",
        "if (evidence === undefined) this.#members?.renounce();",
        "",
      ),
    ],
    suite: "postgres",
    caughtBy: "a claim with a lost reply is free again",
  },
  {
    name: "no isolation level",
    edits: [
      edit(
        "adapters/postgres/open-transaction.ts",
        '"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"',
        '"BEGIN"',
      ),
    ],
    suite: "postgres",
    caughtBy: "default-isolation: a role that is set to repeatable read changes nothing",
  },
  {
    name: "a failing handler's savepoint is not rolled back",
    edits: [
      edit(
        "adapters/postgres/open-transaction.ts",
        "await this.sql.control(`ROLLBACK TO",
        "await this.sql.control(`RELEASE",
      ),
    ],
    suite: "postgres",
    caughtBy: "cliff, neighbours-run-twice: a failing delivery costs itself alone",
  },
  {
    name: "every savepoint has one name",
    edits: [edit("adapters/postgres/open-transaction.ts", "this.#savepoints++;", "")],
    suite: "postgres",
    caughtBy: "a savepoint that was never set undoes nothing of the handlers before it",
  },
  {
    name: "a handler that is interrupted has always met another one",
    edits: [
      edit("adapters/postgres/scope.ts", "(met && !this.#interrupted)", "isContended(error)"),
    ],
    suite: "postgres",
    caughtBy: "an interrupted handler tells whether it waited for a lock, and whose",
  },
  {
    name: "each lock that is waited for is held by another process",
    edits: [
      edit(
        "adapters/postgres/store.ts",
        "const own = [...this.#open]",
        "const own = [] as OpenTransaction[]; void [...this.#open]",
      ),
    ],
    suite: "postgres",
    caughtBy: "an interrupted handler tells whether it waited for a lock, and whose",
  },
  {
    name: "a row that stays locked is the handler's failure",
    edits: [edit("runtime/solo.ts", "if (patient && handler", "if (false && handler")],
    suite: "postgres",
    caughtBy: "locked-row: only the saga that needs a locked row waits for it",
  },
  {
    name: "two handlers that wait for each other have met no other",
    edits: [edit("adapters/postgres/store.ts", ", array_agg(pid)) AS pids", ") AS pids")],
    suite: "postgres",
    caughtBy: "handlers of one process that wait for each other have met",
  },
  {
    name: "what waits behind a lock is treated as the one that waits for it",
    edits: [
      edit(
        "adapters/postgres/scope.ts",
        'wait === "none" || !isContended(this.#failure)',
        'wait === "none"',
      ),
    ],
    suite: "postgres",
    caughtBy: "one of several that travel together waits for a lock, those behind it do not",
  },
  {
    name: "bookkeeping is undone with a later handler",
    edits: [edit("adapters/postgres/store.ts", "onWrite: () => open.leaveSavepoint(),", "")],
    suite: "postgres",
    caughtBy: "undoing a handler keeps the bookkeeping written before it",
  },
  {
    name: "a statement that is not awaited is ignored",
    edits: [
      edit(
        "adapters/postgres/scope.ts",
        "return Promise.reject(this.#refused);\n" +
          "    if (this.#asked.size > 0 || NestedTransactions.isOpen(this)) return " +
          "this.#notAwaited();",
        "return Promise.reject(this.#refused);",
      ),
      edit(
        "adapters/postgres/scope.ts",
        "return this.#parts.transaction(work);\n" +
          "    if (this.#asked.size > 0 || NestedTransactions.isOpen(this)) return " +
          "this.#notAwaited();",
        "return this.#parts.transaction(work);",
      ),
    ],
    suite: "postgres",
    caughtBy: "a statement that is not awaited fails its delivery, with the real cause",
  },
  {
    name: "a handler may commit",
    edits: [
      edit(
        "adapters/postgres/scope.ts",
        "if (controlsTransaction(text)) throw transactionControl();",
        "",
      ),
    ],
    suite: "postgres",
    caughtBy: "commit-inside-handler: BEGIN, COMMIT and ROLLBACK are refused",
  },
  {
    name: "settings of one handler stay for the next",
    edits: [
      edit(
        "adapters/postgres/scope.ts",
        "if (shared && changesSession(text)) return this.#refuse();",
        "",
      ),
    ],
    suite: "postgres",
    caughtBy: "settings and temporary tables of one handler are not seen by the next",
  },
  {
    name: "a statement after its handler has returned is rejected",
    edits: [
      edit(
        "adapters/postgres/scope.ts",
        "if (this.#strays.has()) return new Promise(() => {});",
        "",
      ),
    ],
    suite: "postgres",
    caughtBy: "a statement of a handler that has returned does nothing",
  },
  {
    name: "a statement of another handler may come between two that travel",
    edits: [edit("adapters/postgres/scope.ts", "this.touched && turn.last !== this", "false")],
    suite: "postgres",
    caughtBy: "of handlers that travel together, all are kept or all undone",
  },
  {
    name: "handlers of one statement that lost the connection are refused together",
    edits: [edit("runtime/group.ts", "if (!endsGroup(cause)) throw cause;", "throw cause;")],
    suite: "postgres",
    caughtBy: "so does one of a single statement, which travels with others",
  },
  {
    name: "a transaction that ended while its handler ran is an outage",
    edits: [
      edit("runtime/solo.ts", "const { ended } = tx", "const ended = undefined as typeof tx.ended"),
    ],
    suite: "postgres",
    caughtBy: "a handler whose connection is closed while it waits is parked in the end",
  },
  {
    name: "nothing is known of what has failed after its handler",
    edits: [
      edit(
        "runtime/group.ts",
        "throw await this.#afloat.blame(error, this.#limits, this.#parts.pace);",
        "throw error;",
      ),
    ],
    suite: "postgres",
    caughtBy: "one that takes long, or ends the connection, costs itself",
  },
  {
    name: "a connection keeps what a handler has set",
    edits: [
      edit(
        "adapters/postgres/open-transaction.ts",
        'this.discard(new Error("a handler has changed the session"))',
        "{}",
      ),
    ],
    suite: "postgres",
    caughtBy: "what a handler changes in its session is gone with its transaction",
  },
  {
    name: "pg finds the values that cannot be written",
    edits: [
      edit("adapters/postgres/sql.ts", "values.map(bindable)", "[...values]"),
      edit("adapters/postgres/errors.ts", 'messageOf(error).includes("odori_")', "false"),
    ],
    suite: "postgres",
    caughtBy: "a value that cannot be written costs its own delivery",
  },
  {
    name: "an interruption that meets the bookkeeping is an outage",
    edits: [edit("runtime/afloat.ts", "return this.#late.length === 0", "return true")],
    suite: "postgres",
    caughtBy: "an interruption that meets the bookkeeping behind them is not an outage",
  },
];

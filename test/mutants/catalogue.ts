/** One change of the source that breaks the runtime or an adapter, and what has to notice it. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly put: string }[];
  /** The suite that catches it, and a test of it that has to fail. */
  readonly suite: "runtime" | "sqlite" | "postgres" | "rabbitmq";
  readonly caughtBy: string;
}

const edit = (file: string, find: string, put: string) => ({ file, find, put });

/**
 * Deliberately broken runtimes. Each edit has to be found in the source exactly once, so that none
 * of them becomes a runtime that is whole.
 */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "acknowledge before commit",
    edits: [
      edit(
        "runtime/worker.ts",
        "    try {\n      await this.#commit(batch);",
        "    for (const task of batch) task.settle.done();\n    try {\n      await this.#commit(batch);",
      ),
    ],
    suite: "runtime",
    caughtBy: "a delivery whose commit fails comes again",
  },
  {
    name: "publish before commit",
    edits: [
      edit(
        "runtime/worker.ts",
        "tasks, confirm, this.#probe)",
        "tasks, confirm, this.#probe, this.#publisher)",
      ),
      edit(
        "runtime/batch.ts",
        "  probe: Probe,\n): Promise<Aftermath> {",
        "  probe: Probe,\n  publisher?: { publish(handOver: HandOver): void },\n): Promise<Aftermath> {",
      ),
      edit(
        "runtime/batch.ts",
        "      const ticket = await handle(tx, wave, draft, probe, wave === waves.at(-1));",
        "      const ticket = await handle(tx, wave, draft, probe, wave === waves.at(-1));\n      publisher?.publish({ ticket: -1, events: draft.enqueue });",
      ),
    ],
    suite: "runtime",
    caughtBy: "nothing of a commit that failed is published",
  },
  {
    name: "confirm before the bus has answered",
    edits: [
      edit(
        "runtime/publisher.ts",
        "    this.pending += events.length;\n    try {",
        "    this.pending += events.length;\n    this.#answered.push(ticket);\n    try {",
      ),
    ],
    suite: "runtime",
    caughtBy: "what the bus refuses stays in the outbox",
  },
  {
    name: "no inbox: trust the broker's deduplication",
    edits: [
      edit(
        "runtime/consume.ts",
        '      case "duplicate":\n      case "gone":',
        '      case "duplicate":\n        return this.#react(received, scope);\n      case "gone":',
      ),
      edit(
        "choreography/fence.ts",
        "  } else if (marks !== NONE || fired) return SUPPRESS;",
        "  }",
      ),
      edit(
        "adapters/sqlite/transaction.ts",
        "    if (inserted === 0) throw alreadyReceived(entry);",
        "",
      ),
    ],
    suite: "runtime",
    caughtBy: "an event that comes twice has its effect once",
  },
  {
    name: "no fence: an undo runs on nothing, and a late step after it",
    edits: [
      edit(
        "choreography/fence.ts",
        "return kind === UNDO && marks === NONE ? ACKNOWLEDGE : RUN;",
        "return RUN;",
      ),
      edit(
        "choreography/fence.ts",
        "  } else if (marks !== NONE || fired) return SUPPRESS;",
        "  }",
      ),
    ],
    suite: "runtime",
    caughtBy: "an undo that overtakes its step bars it",
  },
  {
    name: "an undo may run twice",
    edits: [
      edit(
        "choreography/fence.ts",
        "    if ((marks & (UNDONE | BARRED)) !== 0) return SUPPRESS;",
        "",
      ),
    ],
    suite: "runtime",
    caughtBy: "two causes undo once",
  },
  {
    name: "a failed delivery does not hold back the next one of its saga",
    edits: [
      edit(
        "adapters/sqlite/transaction.ts",
        '? "blocked"\n      : "fresh";',
        '? "fresh"\n      : "fresh";',
      ),
    ],
    suite: "sqlite",
    caughtBy: "parked: blocks its reaction and saga, and nothing else",
  },
  {
    name: "inbox key without the reaction",
    edits: [
      edit(
        "adapters/sqlite/transaction.ts",
        'WHERE id = ? AND reaction = ? AND source = ?";\nconst FIND_MARK',
        'WHERE id = ? AND (reaction = ? OR true) AND source = ?";\nconst FIND_MARK',
      ),
    ],
    suite: "sqlite",
    caughtBy: "reaction, source and id make the identity, each of them",
  },
  {
    name: "purge too early",
    edits: [
      edit(
        "adapters/sqlite/store.ts",
        "connection.all(PURGE_INBOX, limit, this.#now() - olderThanMs)",
        "connection.all(PURGE_INBOX, limit, this.#now() + 1)",
      ),
    ],
    suite: "sqlite",
    caughtBy: "old rows are purged, with the fence of sagas without rows",
  },
  {
    name: "lease without epoch",
    edits: [
      edit(
        "adapters/sqlite/transaction.ts",
        "WHERE seq = ? AND owner IS ? AND state",
        "WHERE seq = ? AND (owner IS ? OR true) AND state",
      ),
    ],
    suite: "sqlite",
    caughtBy: "only its holder handles it, or another one after a lost lease",
  },
  {
    name: "rows of the living are claimed",
    edits: [
      edit(
        "adapters/sqlite/store.ts",
        '"(owner IS NULL OR owner NOT IN (SELECT owner FROM odori_member WHERE expires_at > ?))"',
        '"(owner IS NULL OR ? > 0)"',
      ),
    ],
    suite: "sqlite",
    caughtBy: "what a live process has enqueued is its own",
  },
  {
    name: "a failed handler's rows are committed",
    edits: [
      edit(
        "adapters/sqlite/store.ts",
        "      rollback(connection);\n      throw error;",
        "      commit(connection);\n      throw error;",
      ),
    ],
    suite: "sqlite",
    caughtBy: "they roll back together, and the caller gets its own error",
  },
  {
    name: "cursor by id",
    edits: [
      edit(
        "adapters/postgres/store.ts",
        "        outbox: outbox\n",
        "        outbox: outbox\n          .filter((row) => Number(row.ticket) > this.cursor && (this.cursor = Number(row.ticket)) > 0)\n",
      ),
      edit(
        "adapters/postgres/store.ts",
        "  readonly durable = true;",
        "  readonly durable = true;\n  cursor = 0;",
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
        "() => this.#books.run(lock, [JSON.stringify(sagas)])",
        '() => this.#books.run(lock, ["[]"])',
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
        "if (evidence !== undefined && (await this.#hasCommitted(evidence, error))) {",
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
        "        if (failure !== undefined) this.#renounce();\n",
        "",
      ),
    ],
    suite: "postgres",
    caughtBy: "a COMMIT sent with the last write is found to have happened; its events are kept",
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
    caughtBy: "a failure of the last write is reported, not the COMMIT that followed it",
  },
  {
    name: "a claim without an answer is kept",
    edits: [
      edit(
        "adapters/postgres/store.ts",
        "      if (evidence === undefined) this.#renounce();\n",
        "",
      ),
    ],
    suite: "postgres",
    caughtBy: "a claim whose COMMIT was not answered is free again",
  },
  {
    name: "ignore returned messages",
    edits: [
      edit(
        "adapters/rabbitmq/bus.ts",
        "if (returned !== undefined) throw",
        "if (returned !== undefined && publisher === undefined) throw",
      ),
    ],
    suite: "rabbitmq",
    caughtBy: "what reaches no queue is refused",
  },
];

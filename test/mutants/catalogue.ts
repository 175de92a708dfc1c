import { BUS_MUTANTS } from "./bus-mutants.ts";

/** One change of the source that breaks the runtime or an adapter, and what has to notice it. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly put: string }[];
  /** The suite that catches it, and a test of it that has to fail. */
  readonly suite: "runtime" | "sqlite" | "postgres" | "rabbitmq";
  readonly caughtBy: string;
}

/** Applies the edits of a mutant to one file. Throws where an edit does not match exactly once. */
export function mutated(mutant: Mutant, file: string, source: string): string {
  return mutant.edits
    .filter((edit) => edit.file === file)
    .reduce((text, { find, put }) => {
      if (text.split(find).length !== 2)
        throw new Error(`${file} does not hold exactly once: ${find}`);
      return text.replace(find, () => put);
    }, source);
}

const edit = (file: string, find: string, put: string) => ({ file, find, put });

/**
 * Deliberately broken runtimes. Each `find` must occur exactly once in its file: an edit that
 * changes nothing would leave the runtime whole. Short pieces of one line survive reformatting.
 */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "acknowledge before commit",
    edits: [
      edit(
        "runtime/worker.ts",
        "const changes = this.#parts.publisher.takeAnswers();\n    let result",
        "for (const task of batch) task.completion.done();\n" +
          "    const changes = this.#parts.publisher.takeAnswers();\n    let result",
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
        "pace: this.#pace, isHeld",
        "pace: this.#pace, isHeld, publisher: this.#parts.publisher",
      ),
      edit(
        "runtime/group.ts",
        "readonly pace: Pace;",
        "readonly pace: Pace;\n  readonly publisher: { publish(handOver: HandOver): void };",
      ),
      edit(
        "runtime/group.ts",
        "if (ticket !== undefined) this.handOvers.push(",
        "this.#parts.publisher.publish({ ticket: -1, events: draft.enqueue });\n" +
          "        if (ticket !== undefined) this.handOvers.push(",
      ),
    ],
    suite: "runtime",
    caughtBy: "nothing of a commit that failed is published",
  },
  {
    name: "handlers of a group interleaved",
    edits: [
      edit(
        "runtime/group.ts",
        "    for (const { task, received } of ready) {\n      const full",
        "    await Promise.all(ready.map(async ({ task, received }) => {\n      const full",
      ),
      edit("runtime/group.ts", "if (running === undefined) continue;", "if (!running) return;"),
      edit(
        "runtime/group.ts",
        "        await running;\n      }\n    }\n",
        "        await running;\n      }\n    }));\n",
      ),
    ],
    suite: "runtime",
    caughtBy: "handlers of one commit run in turn; a failing one costs itself",
  },
  {
    name: "a failing handler keeps what it wrote",
    edits: [
      edit("adapters/sqlite/scope.ts", "connection.exec(ROLL_BACK)", "connection.exec(RELEASE)"),
    ],
    suite: "runtime",
    caughtBy: "handlers of one commit run in turn; a failing one costs itself",
  },
  {
    name: "a failing handler undoes its group",
    edits: [
      edit(
        "runtime/group.ts",
        "if (error instanceof BrokenGroupError) throw error;",
        "if (error) throw error;",
      ),
    ],
    suite: "runtime",
    caughtBy: "handlers of one commit run in turn; a failing one costs itself",
  },
  {
    name: "confirm before the bus has answered",
    edits: [
      edit(
        "runtime/publisher.ts",
        "this.pending += events.length;",
        "this.pending += events.length;\n    this.#answers.confirm(row.ticket);",
      ),
    ],
    suite: "runtime",
    caughtBy: "what the bus refuses stays in the outbox",
  },
  {
    name: "confirm by commit",
    edits: [
      edit(
        "runtime/publisher.ts",
        "      return answers;",
        '      return answers.every((one) => one === "accepted")\n' +
          '        ? answers\n        : answers.map(() => "unanswered");',
      ),
    ],
    suite: "runtime",
    caughtBy: "a refused event is published again alone",
  },
  {
    name: "a refused event is confirmed with its commit",
    edits: [
      edit("runtime/publisher.ts", "if (row.rest.length > 0)", "if (row.rest.length > Infinity)"),
    ],
    suite: "runtime",
    caughtBy: "a refused event stays in the outbox when its neighbours are confirmed",
  },
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
    name: "no inbox: trust the broker's deduplication",
    edits: [
      edit("adapters/sqlite/transaction.ts", 'return "duplicate"', 'return "fresh"'),
      edit(
        "choreography/fence.ts",
        "  } else if (marks !== NONE || fired) return SUPPRESS;",
        "  }",
      ),
      edit(
        "adapters/sqlite/transaction.ts",
        "if (this.#insert(entry, born, now) === 0) throw alreadyReceived(entry);",
        "this.#insert(entry, born, now);",
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
        "anyBlocking && sql.get(FIND_BLOCKING,",
        'anyBlocking && sagaId === "" && sql.get(FIND_BLOCKING,',
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
        "SELECT 1 FROM odori_inbox\n  WHERE born = ? AND saga_id = ? AND reaction = ?",
        "SELECT 1 FROM odori_inbox\n  WHERE born = ? AND saga_id = ? AND (reaction = ? OR true)",
      ),
    ],
    suite: "sqlite",
    caughtBy: "saga, reaction, source, id and type make the identity",
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
    name: "deliveries are not written down after a death",
    edits: [
      edit("runtime/caution.ts", "return this.#died || now < this.#until;", "return now < 0;"),
    ],
    suite: "runtime",
    caughtBy: "after a death, a delivery is written down before it runs",
  },
  {
    name: "an undo of a forgotten saga says that it has undone",
    edits: [edit("runtime/consume.ts", "if (refused) throw fenceForgotten(", "if (false) throw (")],
    suite: "runtime",
    caughtBy: "an undo in a saga that retention has forgotten is parked",
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
    caughtBy: "14-clock-steps-back: a delay is a duration, not a date",
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
    caughtBy: "only its holder handles it, or another one after a lost lease",
  },
  {
    name: "rows of the living are claimed",
    edits: [
      edit(
        "adapters/sqlite/claim.ts",
        "WHERE expires_at > ?1 AND expires_at <= ?1 + lease_ms",
        "WHERE expires_at < ?1 AND expires_at <= ?1 + lease_ms",
      ),
    ],
    suite: "sqlite",
    caughtBy: "what a live process has enqueued is its own",
  },
  {
    name: "a failed handler's rows are committed",
    edits: [edit("adapters/sqlite/store.ts", "rollback(connection);", "commit(connection);")],
    suite: "sqlite",
    caughtBy: "they roll back together, and the caller gets its own error",
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
        "/** The reactions whose",
        "const seen = { cursor: 0 };\n/** The reactions whose",
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
    edits: [edit("adapters/postgres/store.ts", "if (failure !== undefined) this.#renounce();", "")],
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
      edit("adapters/postgres/store.ts", "if (evidence === undefined) this.#renounce();", ""),
    ],
    suite: "postgres",
    caughtBy: "a claim whose COMMIT was not answered is free again",
  },
  ...BUS_MUTANTS,
];

/** One change of the source that breaks the runtime or an adapter, and what has to notice it. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly put: string }[];
  /** The suite that catches it, and a test of it that has to fail. */
  readonly suite: "runtime" | "files" | "sqlite" | "postgres" | "rabbitmq";
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
    name: "the parsed payload is kept",
    edits: [
      edit(
        "runtime/consume.ts",
        "const failure = { delivery: this.#delivery, event,",
        "const delivery = Delivery.of(target.name, event, this.#delivery.attempt);\n" +
          "    const failure = { delivery, event,",
      ),
    ],
    suite: "runtime",
    caughtBy: "a parked delivery keeps what was heard",
  },
  {
    name: "what was heard is written again from what was read",
    edits: [
      edit(
        "cloudevents/kept.ts",
        "malformed: false, text: `[$",
        "malformed: false, text: encodeStored([event]) || `[$",
      ),
    ],
    suite: "runtime",
    caughtBy: "a parked delivery keeps what was heard",
  },
  {
    name: "a message is known by its body alone",
    edits: [
      edit("cloudevents/message.ts", "identityOf(headers, body, place)", "identityOf([], body)"),
    ],
    suite: "runtime",
    caughtBy: "messages with one body that cannot be read are all parked",
  },
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
    caughtBy: "saga, reaction, source, id and fact make the identity",
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
    caughtBy: "02-econnrefused: an error that a handler throws is its own",
  },
  {
    name: "a slow handler keeps its group",
    edits: [
      edit(
        "runtime/group.ts",
        "await endsWithin(this.#parts.environment, this.#handlerMs, running)",
        "await running.then(() => true)",
      ),
    ],
    suite: "sqlite",
    caughtBy: "21-hang: while one handler hangs, the others go on",
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
    caughtBy: "26-stop: stop ends in time while handlers hang, and they come again",
  },
  {
    name: "a signal that is asked for late is not aborted",
    edits: [edit("runtime/handler-context.ts", "this.#aborted ??= { reason };", "")],
    suite: "sqlite",
    caughtBy: "15-signal: a signal asked for after the timeout is aborted",
  },
  {
    name: "ready while the database is away",
    edits: [edit("runtime/start.ts", "problem ??= codeOf(error);", "")],
    suite: "sqlite",
    caughtBy: "16-health: a service without work is not ready while its database is away",
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
    name: "no isolation level",
    edits: [
      edit(
        "adapters/postgres/open-transaction.ts",
        '"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"',
        '"BEGIN"',
      ),
    ],
    suite: "postgres",
    caughtBy: "12-default-isolation: a role that is set to repeatable read changes nothing",
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
    caughtBy: "20-cliff: a failing delivery costs itself, and no neighbour runs twice",
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
          "    if (this.#pending.size > 0) return this.#notAwaited();",
        "return Promise.reject(this.#refused);",
      ),
      edit(
        "adapters/postgres/scope.ts",
        "return this.#parts.transaction(work);\n" +
          "    if (this.#pending.size > 0) return this.#notAwaited();",
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
    caughtBy: "13-commit-inside-handler: BEGIN, COMMIT and ROLLBACK are refused",
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
    name: "ignore returned messages",
    edits: [
      edit(
        "adapters/rabbitmq/bus.ts",
        "!this.#returned.delete(one.value.id)",
        "this.#returned.size >= 0",
      ),
    ],
    suite: "rabbitmq",
    caughtBy: "what reaches no queue is refused",
  },
  {
    name: "marks by version",
    edits: [
      edit("contract/grammar.ts", 'return type.replace(VERSION, "");', "return type;"),
      edit("contract/names.ts", 'return name.replace(/\\.v\\d+(?=$|[ |+])/g, "");', "return name;"),
    ],
    suite: "runtime",
    caughtBy: "an effect is undone after its event has got the next version",
  },
  {
    name: "acknowledge an undo though an effect is unknown",
    edits: [edit("runtime/consume.ts", "if (strange.length > 0)", "if (strange.length < 0)")],
    suite: "runtime",
    caughtBy: "an undo without a mark is parked while an effect is unknown",
  },
  {
    name: "links lead out of a folder",
    edits: [edit("cli/files.ts", "!isWithin(real(folder), real(file))", "real(file) === ''")],
    suite: "files",
    caughtBy: "a reference stays in the folder of its document",
  },
  {
    name: "pipes are read",
    edits: [edit("cli/files.ts", "if (!found.isFile())", "if (found.isDirectory())")],
    suite: "files",
    caughtBy: "a reference leads to a regular file",
  },
  {
    name: "an alias counts once",
    edits: [edit("manifest/yaml.ts", "return before;", "return before === 0 ? 1 : 0;")],
    suite: "files",
    caughtBy: "aliases count as what they stand for",
  },
  {
    name: "examples of any length",
    edits: [edit("asyncapi/example.ts", "if (!(least <= TEXT_MAX_CHARS))", "if (!(least >= 0))")],
    suite: "files",
    caughtBy: "an example is short",
  },
  {
    name: "control characters in JSON",
    edits: [edit("text/printable.ts", 'char === "\\n" || char', 'char >= "\\u0080" || char')],
    suite: "files",
    caughtBy: "a manifest has no control characters",
  },
  {
    name: "quotes for the shell that a quote ends",
    edits: [edit("acl/part.ts", "word.replaceAll(\"'\", \"'\\\\''\")", "word")],
    suite: "files",
    caughtBy: "a shell gets each word as it is",
  },
  {
    name: "permissions for any name",
    edits: [edit("acl/part.ts", "checkServiceName(service);", 'checkServiceName("a");')],
    suite: "files",
    caughtBy: "a name outside the grammar gets no permissions",
  },
  {
    name: "topics collide unseen",
    edits: [edit("check/lint/topics.ts", 'event.replaceAll(".", "_")', "event")],
    suite: "files",
    caughtBy: "types whose topics collide are reported",
  },
];

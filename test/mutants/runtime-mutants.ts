import { edit, type Mutant } from "./mutant.ts";

/** Broken runtimes that its own scenarios catch. */
export const RUNTIME_MUTANTS: readonly Mutant[] = [
  {
    name: "older versions of an onParked event are made once its delivery is given up on",
    edits: [
      edit(
        "runtime/failure.ts",
        "      draft.enqueue.push(...emitter.inAllVersions(events));\n",
        "",
      ),
      edit(
        "runtime/failure.ts",
        "draft.add(answer.draft);",
        "draft.add(answer.draft);\n" +
          "      draft.enqueue.push(...this.#context.emitter.inAllVersions(answer.events));",
      ),
    ],
    suite: "runtime",
    caughtBy: "a delivery whose onParked event has no older version is parked without it",
  },
  {
    name: "a forgotten step is answered",
    edits: [edit("runtime/failure.ts", '  "FENCE_FORGOTTEN",\n', "")],
    suite: "runtime",
    caughtBy: "a step in a saga that retention has forgotten is not said to have failed",
  },
  {
    name: "a forgotten saga is accepted for one attempt",
    edits: [edit("runtime/resume.ts", "deferred.problem?.accepted ?? ", "")],
    suite: "runtime",
    caughtBy: "a person accepts a forgotten saga for every later attempt",
  },
  {
    name: "the payload of a failure has to be valid still",
    edits: [
      edit(
        "runtime/consume.ts",
        "if (!this.#valid) return unread;",
        "if (!this.#valid) return unread;\n" + "    return { event: this.#parsed(), valid: true };",
      ),
    ],
    suite: "runtime",
    caughtBy: "a payload that is no longer valid does not hide why its handler failed",
  },
  {
    name: "reading a newer version is an attempt",
    edits: [
      edit(
        "runtime/failure.ts",
        "uncountedDelayMs(error) === undefined ? number : number - 1",
        "number",
      ),
    ],
    suite: "runtime",
    caughtBy: "an undo whose only attempt reads a newer version first is parked as unknown",
  },
  {
    name: "an unknown effect is final before newer versions are read",
    edits: [
      edit(
        "runtime/failure.ts",
        "error.provisional ? REREAD_MS : undefined",
        "false ? REREAD_MS : undefined",
      ),
    ],
    suite: "runtime",
    caughtBy: "to read a newer version first is not an attempt",
  },
  {
    name: "an undo that cannot tell is answered",
    edits: [edit("runtime/failure.ts", '  "EFFECT_UNKNOWN",\n', "")],
    suite: "runtime",
    caughtBy: "an undo whose only attempt reads a newer version first is parked as unknown",
  },
  {
    name: "the parsed payload is kept",
    edits: [
      edit(
        "runtime/consume.ts",
        "const failure = { delivery: this.#delivery, ...this.#payload(),",
        "const payload = this.#payload();\n" +
          "    const { attempt } = this.#delivery;\n" +
          "    const delivery = Delivery.of(target.name, payload.event, attempt);\n" +
          "    const failure = { delivery, ...payload,",
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
        "for (const { task, received } of inTurn) {\n      const running",
        "await Promise.all(inTurn.map(async ({ task, received }) => {\n      const running",
      ),
      edit("runtime/group.ts", "await running;\n    }\n", "await running;\n    }));\n"),
    ],
    suite: "runtime",
    caughtBy: "handlers of one commit run in turn; a failing one costs itself",
  },
  {
    name: "a failing handler keeps what it wrote",
    edits: [
      edit(
        "adapters/sqlite/scope.ts",
        'this.#connection.run("ROLLBACK TO odori_handler");\n',
        'this.#connection.run("SAVEPOINT odori_handler");\n',
      ),
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
        "if (this.#insert(entry, born, now, 0) === 0) throw alreadyReceived(entry);",
        "this.#insert(entry, born, now, 0);",
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
    name: "what is emitted does not say when its saga began",
    edits: [
      edit("runtime/identity.ts", "const times = [born, ...", "const times = [undefined, ..."),
    ],
    suite: "runtime",
    caughtBy: "what is emitted carries its saga's birth, caused from outside or not",
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
    edits: [edit("runtime/consume.ts", "if (unknown.length === 0)", "if (unknown.length >= 0)")],
    suite: "runtime",
    caughtBy: "an undo without a mark is parked while an effect is unknown",
  },
  {
    name: "onParked is given the payload of the last run",
    edits: [
      edit(
        "runtime/consume.ts",
        "/** Whether the payload fitted its contract when it was last parsed. */",
        "#last: EventEnvelope | undefined;",
      ),
      edit(
        "runtime/consume.ts",
        "const event = this.#parsed();",
        "const event = this.#parsed();\n    this.#last = event;",
      ),
      edit(
        "runtime/consume.ts",
        "event: this.#parsed(), valid",
        "event: this.#last ?? this.#parsed(), valid",
      ),
    ],
    suite: "runtime",
    caughtBy: "onParked is given the payload as it came",
  },
  {
    name: "a failed undo counts as undone",
    edits: [edit("runtime/consume.ts", "undoes && !outcome.failure", "undoes")],
    suite: "runtime",
    caughtBy: "an undo that fails leaves its effect done",
  },
  {
    name: "versions of one event are told apart",
    edits: [
      edit("adapters/memory/database.ts", "stemOf(a.type) === stemOf(b.type)", "a.type === b.type"),
    ],
    suite: "runtime",
    caughtBy: "one fact in two versions is handled once",
  },
  {
    name: "a process claims what it cannot read",
    edits: [
      edit(
        "adapter/claim-limits.ts",
        'types === "any" || types?.includes(type) === true',
        "types !== undefined",
      ),
    ],
    suite: "runtime",
    caughtBy: "a retry is left to the version that reads it",
  },
  {
    name: "a join keeps what another version has to complete",
    edits: [edit("runtime/consume.ts", "if (seq !== undefined)", "if (seq === -1)")],
    suite: "runtime",
    caughtBy: "a join fires where the events that it has gathered can be read",
  },
  {
    name: "a deadline trusts its mark alone",
    edits: [edit("runtime/expire.ts", '!== "armed" || received.found', '!== "armed"')],
    suite: "runtime",
    caughtBy: "a deadline does not fire after an older process has heard what calls it off",
  },
  {
    name: "each effect of another version is strange",
    edits: [edit("runtime/known-versions.ts", "return declaring.length > 0 &&", "return false &&")],
    suite: "runtime",
    caughtBy: "an undo is not parked because of an effect that a newer version has beside its own",
  },
];

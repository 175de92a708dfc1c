import { edit, type Mutant } from "./mutant.ts";

/** Broken testing kits, whose users would see their sagas fail or succeed by mistake. */
export const REHEARSAL_MUTANTS: readonly Mutant[] = [
  {
    name: "a handler is given up in silence",
    edits: [edit("testing/activity.ts", "filter((handling) => handling.stuck)", "slice(0, 0)")],
    suite: "testing",
    caughtBy: "a handler that waits for the test is given up, and named as long as it waits",
  },
  {
    name: "a service that comes back misses its first message",
    edits: [edit("testing/post.ts", "this.#held.splice(0)", "this.#held.splice(1)")],
    suite: "testing",
    caughtBy: "the messages of a service that is away wait for it, and its database is there",
  },
  {
    name: "a database in memory is gone with the process",
    edits: [
      edit("adapters/sqlite/store.ts", "finds it.\n        if (this.durable) ", "finds it.\n"),
    ],
    suite: "testing",
    caughtBy: "the messages of a service that is away wait for it, and its database is there",
  },
  {
    name: "what is due on the way of a jump comes at its end",
    edits: [
      edit(
        "testing/rehearsal.ts",
        "    while (await this.step(until));\n    await this.#moveTo(until);\n    await this",
        "    await this.#moveTo(until);\n    await this",
      ),
    ],
    suite: "testing",
    caughtBy: "a deadline on the way of a jump fires at its own time",
  },
  {
    name: "undone effects are left over",
    edits: [edit("testing/saga-view.ts", "if (index >= 0) left.splice(index, 1);", "void index;")],
    suite: "testing",
    caughtBy: "what is undone is not left behind",
  },
  {
    name: "a fact that comes twice is two messages",
    edits: [edit("testing/rehearsal.ts", "ids.get(fact) ?? ", "")],
    suite: "testing",
    caughtBy: "the same fact is the same message",
  },
  {
    name: "a fact of another saga is the message of the first one",
    edits: [
      edit("testing/rehearsal.ts", "#arrivals.get(sagaId)", '#arrivals.get("")'),
      edit("testing/rehearsal.ts", "#arrivals.set(sagaId, ids)", '#arrivals.set("", ids)'),
    ],
    suite: "testing",
    caughtBy: "the same fact is another message for another saga",
  },
  {
    name: "the runtime reports about the bus of a rehearsal",
    edits: [
      edit(
        "testing/watch-store.ts",
        'key === "putBacklog" || key === "putBusFault"',
        'key === "nothing"',
      ),
    ],
    suite: "testing",
    caughtBy: "a day in which nothing is due is a few steps",
  },
  {
    name: "a statement after its handler is told to the log alone",
    edits: [edit("testing/watch-store.ts", "watch.stray(error);", "void error;")],
    suite: "testing",
    caughtBy: "a statement after its handler fails the test",
  },
  {
    name: "the system's clock is looked up once",
    edits: [edit("ports/environment.ts", "now: () => Date.now()", "now: Date.now")],
    suite: "testing",
    caughtBy: "a fake clock that replaces the system's is seen",
  },
];

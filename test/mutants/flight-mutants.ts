import { edit, type Mutant } from "./mutant.ts";

const FLIGHT = "adapters/postgres/flight.ts";

/** Connections that lose count of what travels together. */
export const FLIGHT_MUTANTS: readonly Mutant[] = [
  {
    name: "each statement of a flight has a Sync of its own",
    edits: [edit(FLIGHT, "!this.#inTransaction || this.#closes", "true || this.#closes")],
    suite: "postgres",
    caughtBy: "in a transaction the statements of one turn have one Sync",
  },
  {
    name: "a Sync is held back outside of a transaction",
    edits: [edit(FLIGHT, "!this.#inTransaction || this.#closes", "this.#closes")],
    suite: "postgres",
    caughtBy: "outside of a transaction each has its own: what failed costs itself",
  },
  {
    name: "a statement that the server has skipped is told that it succeeded",
    edits: [
      edit(
        FLIGHT,
        'super.emit("errorMessage", skippedBehind(failure.error));',
        'super.emit("commandComplete", { text: "INSERT 0 1" });',
      ),
    ],
    suite: "postgres",
    caughtBy: "what is skipped fails as in an aborted transaction, with the cause",
  },
  {
    name: "a statement that the server has skipped is treated as prepared",
    edits: [edit(FLIGHT, "delete this.submittedNamedStatements[sent.parses];", "")],
    suite: "postgres",
    caughtBy: "a skipped statement is prepared again",
  },
  {
    name: "what is refused in an aborted transaction is treated as prepared",
    edits: [edit(FLIGHT, "if (!failed.inTransaction) return;", "if (failed.synced) return;")],
    suite: "postgres",
    caughtBy: "so is what is alone in its flight, behind one that was refused",
  },
  {
    name: "what a later flight takes for prepared is a failure of its own",
    edits: [edit(FLIGHT, "sent.behind = error;", "sent.behind = undefined;")],
    suite: "postgres",
    caughtBy: "what a later flight takes for prepared is skipped as well",
  },
  {
    name: "a statement that is prepared again is forgotten with one that was skipped",
    edits: [edit(FLIGHT, "Object.assign(this.submittedNamedStatements, submitted);", "")],
    suite: "postgres",
    caughtBy: "a name that is prepared again meanwhile is kept",
  },
  {
    name: "ROLLBACK TO is skipped behind what it undoes",
    edits: [edit(FLIGHT, "|RELEASE \\w+|", "|RELEASE \\w+|ROLLBACK TO \\w+|")],
    suite: "postgres",
    caughtBy: "a text without values is not skipped: ROLLBACK TO undoes a failure",
  },
  {
    name: "a COMMIT that the server has skipped hides why",
    edits: [edit("adapters/postgres/store.ts", ".catch(rolledBack)", "")],
    suite: "postgres",
    caughtBy: "the error of the last write is reported, not that of the COMMIT behind it",
  },
];

import { edit, type Mutant } from "./mutant.ts";

/** Broken runtimes in which handlers by themselves, or together, keep others waiting. */
export const PACE_MUTANTS: readonly Mutant[] = [
  {
    name: "a detached handler forgets who waits for its saga",
    edits: [
      edit(
        "runtime/alone.ts",
        "if (!this.holds(task)) this.#held.set(task.receipt.sagaId, []);\n    this.#scopes",
        "this.#held.set(task.receipt.sagaId, []);\n    this.#scopes",
      ),
    ],
    suite: "runtime",
    caughtBy: "those that wait behind another one of their saga go on with a detached one",
  },
  {
    name: "what waits for another system looks as if the server had not answered",
    edits: [edit("runtime/together.ts", "handler.unanswered !== false", "true")],
    suite: "runtime",
    caughtBy: "what was answered and waits for something else is slow, however many there are",
  },
  {
    name: "what cannot be recorded is handled again at once, for ever",
    edits: [edit("runtime/worker.ts", "this.#settled?.has(task) === true);", "false);")],
    suite: "runtime",
    caughtBy: "deliveries of which none can be recorded go back to the bus, each once",
  },
  {
    name: "deliveries that wait for a lock keep their places of the bus",
    edits: [edit("runtime/alone.ts", "if (isPutOff) this", "if (false) this")],
    suite: "runtime",
    caughtBy: "what another session holds leaves the line, and does not keep others out",
  },
  {
    name: "each handler that was not answered in time is slow",
    edits: [edit("runtime/together.ts", "suspects.length === 1 && answered", "answered")],
    suite: "runtime",
    caughtBy: "if no statement was answered in time, fewer travel together, until one is slow",
  },
  {
    name: "a slow reaction stays by itself until it is quick there",
    edits: [
      edit("runtime/pace.ts", "slow.quickLeft > 0 && slow.trialIn > 0", "slow.quickLeft > 0"),
    ],
    suite: "runtime",
    caughtBy: "a slow reaction has a trial if no run by itself was quick; a slow one ends it",
  },
];

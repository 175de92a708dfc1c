import { edit, type Mutant } from "./mutant.ts";

type Edit = readonly [file: string, find: string, put: string];

const unfound = (name: string, [file, find, put]: Edit, caughtBy: string): Mutant => ({
  name,
  edits: [edit(file, find, put)],
  suite: "simulate",
  caughtBy,
});

const STRAY = "a statement after its handler is found, with its line";
const REJECTED = "a rejection that no code handles is found, also in the last run";
const SHRUNK = "a run is shrunk to what is wrong in the same way, or to that of another seed";
const ACCEPTED = "what is accepted by its code does not fail, and nothing else is accepted";

/** Simulations that find less than there is, or tell it wrongly. */
export const FINDING_MUTANTS: readonly Mutant[] = [
  unfound(
    "a statement after its handler is only logged",
    ["simulate/run.ts", "!process.dead && error instanceof", "process.dead && error instanceof"],
    STRAY,
  ),
  unfound(
    "where a statement was not awaited is not told",
    [
      "simulate/handler-findings.ts",
      "service, reaction, sagaId, at: thrownAt(error) };",
      "service, reaction, sagaId };",
    ],
    STRAY,
  ),
  unfound(
    "a rejection belongs to no process",
    [
      "simulate/process.ts",
      "if (!this.#killed) this.#parts.rejected",
      "if (this.#killed) this.#parts.rejected",
    ],
    REJECTED,
  ),
  unfound(
    "a search does not look back at its last runs",
    ["simulate/search.ts", "  return late[0] ?? { runs };", "  return { runs };"],
    REJECTED,
  ),
  unfound(
    "a rejection of a process that has crashed is a finding",
    ["simulate/process.ts", "if (!this.#killed) this.#parts.rejected", "this.#parts.rejected"],
    "a rejection in a process that has crashed is none",
  ),
  unfound(
    "a handler that waits in vain is left there",
    [
      "simulate/fleet.ts",
      'this.#run.fail({ code: "UNCONTROLLED", message, service, reaction, at });',
      "",
    ],
    "a handler that waits in vain is found, with its line",
  ),
  unfound(
    "where a handler waits in vain is not told",
    [
      "simulate/fleet.ts",
      'code: "UNCONTROLLED", message, service, reaction, at }',
      'code: "UNCONTROLLED", message, service, reaction }',
    ],
    "a handler that waits in vain is found, with its line",
  ),
  unfound(
    "where the handler of a parked delivery has thrown is not told",
    [
      "simulate/handler-findings.ts",
      "problem: { code, message },\n    at: thrownAt(error),",
      "problem: { code, message },",
    ],
    "a delivery that is given up on says where its handler has thrown",
  ),
  unfound(
    "a code that is accepted is a failure",
    [
      "simulate/run.ts",
      "if (Object.hasOwn(accepts, code))",
      "if (Object.hasOwn(accepts, message))",
    ],
    ACCEPTED,
  ),
  unfound(
    "with one code all codes are accepted",
    [
      "simulate/run.ts",
      "if (Object.hasOwn(accepts, code))",
      "if (Object.keys(accepts).length > 0)",
    ],
    ACCEPTED,
  ),
  unfound(
    "a run is shrunk to one that is right",
    ["simulate/shrink.ts", "if (result.findings[0]?.code !== this.#code) return false;", ""],
    SHRUNK,
  ),
  unfound(
    "of two seeds the longer run is told",
    [
      "simulate/shrink.ts",
      "if (next.result.taken.length < result.taken.length) result",
      "if (next.result.taken.length > result.taken.length) result",
    ],
    SHRUNK,
  ),
  unfound(
    "a thread may compute for ever",
    [
      "cli/simulation/simulation-thread.ts",
      "if (used - this.#lastBeat.used < seconds * 1_000_000) return;",
      "if (used >= 0) return;",
    ],
    "a handler that computes for ever is ended, and named",
  ),
  unfound(
    "the end of a thread is told as that of a module while it loads",
    [
      "cli/simulation/simulation-thread.ts",
      'if (this.#phase !== "loads")\n      this.stop(this.#halted("EXIT", `has called',
      'if (this.#phase !== "runs")\n      this.stop(this.#halted("EXIT", `has called',
    ],
    "a handler that ends the process is named",
  ),
  unfound(
    "the shortest run is repeated in the thread that has found it",
    [
      "cli/simulation/session.ts",
      "const thread = await this.#threads.start(store);\n" +
        '      again = await thread.ask("repeat", readSchedule(schedule));\n' +
        "      await thread.end();",
      "const thread = await this.#thread(store);\n" +
        '      again = await thread.ask("repeat", readSchedule(schedule));',
    ],
    "the shortest run is confirmed where no run was before",
  ),
  unfound(
    "a record that is not followed is none of the findings",
    [
      "cli/simulation/session.ts",
      "return { lostAt, wrong: { ...unrepeatable([notFollowed(steps, lostAt, runs)]), result } };",
      "return { lostAt };",
    ],
    "a record that no run follows is a finding",
  ),
  unfound(
    "what was thrown is told to another thread",
    ["cli/simulation/thread.ts", "{ ...result, cause: undefined }", "{ ...result }"],
    "what no thread can tell another one is told in words",
  ),
  unfound(
    "a name stands in a schedule as it is",
    ["simulate/schedule-text.ts", "site.replace(ESCAPED, escaped)", "site"],
    "a schedule is read as it was written, with any name of another system",
  ),
  unfound(
    "any event of the recorded type will do",
    ["simulate/guide.ts", "return event.id === this.#rows.idOf(step);", "return true;"],
    "of several events of one type, the recorded one comes",
  ),
  unfound(
    "a search that was not complete is told as one that was",
    ["simulate/systematic.ts", 'return { runs, leftOut: "time" };', "return { runs, leftOut };"],
    "a search that was not complete says so",
  ),
  unfound(
    "a recorded failure is that of any reaction",
    ["simulate/guide.ts", "        one.reaction === reaction &&\n", ""],
    "what failed at first fails again at its own reaction",
  ),
];

import { edit, type Mutant } from "./mutant.ts";

const caughtBy = "trips and orders end as the model says, through crashes and duplicates";
const broken = (name: string, file: string, find: string, put: string): Mutant => ({
  name,
  edits: [edit(file, find, put)],
  suite: "simulate",
  caughtBy,
});

const misread = (name: string, file: string, find: string, put: string): Mutant => ({
  name,
  edits: [edit(file, find, put)],
  suite: "simulate",
  caughtBy: "each delivery of the catalogue does what the fence of the model says",
});
const misruled = (name: string, find: string, put: string): Mutant =>
  misread(name, "runtime/decide.ts", find, put);

/** Broken runtimes that a simulation of right handlers finds. */
export const SIMULATION_MUTANTS: readonly Mutant[] = [
  misread(
    "the walk takes the second event of a join that can only be late for a disagreement",
    "simulate/walk.ts",
    "part >= 0 && reaction.lateSilent;",
    "part < 0 && reaction.lateSilent;",
  ),
  broken(
    "the first reaction of several is not remembered",
    "runtime/consume.ts",
    "    this.#mark(draft, names.firstOf, stored);\n    this.#mark(draft, names.max,",
    "    this.#mark(draft, names.max,",
  ),
  broken(
    "an undo that has found nothing bars nothing",
    "runtime/consume.ts",
    "this.#mark(run.draft, run.names.effects[0], EFFECT_STATE.barred);",
    "void EFFECT_STATE.barred;",
  ),
  broken(
    "what a dead process has not published stays in its outbox",
    "runtime/relay.ts",
    "for (const row of outbox) publisher.publish(row);",
    "void outbox;",
  ),
  broken(
    "events are not published again after the bus was away",
    "runtime/publisher.ts",
    "if (this.#stopping) break;",
    "break;",
  ),
  broken(
    "a duplicate is handled once more under another id",
    "adapters/memory/transaction.ts",
    'if (this.#database.findJournal(receipt) !== undefined) return "duplicate";',
    "",
  ),
  broken(
    "rows of a handler that has failed stay",
    "runtime/group.ts",
    "await this.#undo(task, handler);\n    if (handler.contended) return",
    "await handler.keep();\n    if (handler.contended) return",
  ),
  broken(
    "a failed delivery is not tried again",
    "runtime/relay.ts",
    "for (const row of deferred) this.#due(row);",
    "void deferred;",
  ),
  misruled(
    "an undo of all keys closes none of them",
    "fence.markOfKey(own, joined(names.ofAllKeys))",
    "own",
  ),
  misruled("what is late is suppressed", '[fence.LATE]: "late"', '[fence.LATE]: "suppress"'),
  misruled(
    "what is suppressed is late",
    '[fence.SUPPRESS]: "suppress"',
    '[fence.SUPPRESS]: "late"',
  ),
];

import { edit, type Mutant } from "./mutant.ts";

const caughtBy = "the outlook of a saga is what the plain interpreter says";

function mutant(name: string, find: string, put: string, file = "place.ts"): Mutant {
  return { name, edits: [edit(`check/from-here/${file}`, find, put)], suite: "check", caughtBy };
}

/** Sagas that are put on the checker's machine without one of their rows, or of what it means. */
export const OUTLOOK_MUTANTS: readonly Mutant[] = [
  mutant(
    "a delivery that is tried again is done",
    '["retrying", "waiting", "parked"]',
    '["parked"]',
  ),
  mutant("a join has gathered nothing", "state[reaction.gatherAt + part] = 1", "state[0] = 0"),
  mutant("a reaction has run once at most", "(state[reaction.maxAt] ?? 0) + 1", "1"),
  mutant("an undo of nothing takes no name", '[...RAN, "barred"]', "RAN"),
  mutant("what is parked blocks nothing", "state[reaction.parkedAt] = 1", "state[0] ??= 0"),
  mutant(
    "a service's own events leave its deadlines alone",
    "{ deadline, arms } of own.touches",
    "{ deadline, arms } of own.touches.slice(0, 0)",
  ),
  mutant("a deadline that has passed is still armed", "this.#state[at] = OVER", ""),
  mutant("an event from outside may come twice", "this.#state[arrival.at] = 1", "{}"),
  mutant("a saga passes no pivot", "state[PIVOTED] = 1", "{}"),
  mutant("a saga releases no lock", "state[at] = 0", "{}"),
  mutant("each event is on its way to the first hearer", "of sources)", "of sources.slice(0, 1))"),
  mutant("one delivery of a kind is on its way", "(state[source.at] ?? 0) + 1", "1"),
  mutant(
    "what happens without a reaction is not told",
    'if (source.kind === "deadline") return source.deadline.choices[choice]?.emits ?? [];',
    "",
    "look-ahead.ts",
  ),
  mutant("the beginning is told by a row alone", "this.#begins || ", "true || "),
];

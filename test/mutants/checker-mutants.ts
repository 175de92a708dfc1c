import { edit, type Mutant } from "./mutant.ts";

const finds = "a reduced search finds what the plain one finds";
const plays = "the steps of a reduced search are steps of a saga";

function mutant(
  name: string,
  [file, find, put]: readonly [string, string, string],
  caughtBy = finds,
): Mutant {
  return { name, edits: [edit(`check/${file}`, find, put)], suite: "check", caughtBy };
}

const marks = "[onceAt, maxAt, firedAt, parkedAt]";
const same = "([key]) => !SILENT_FIELDS.has(key)";

/** Reductions of the checker, each without one of the conditions under which it loses nothing. */
export const CHECKER_MUTANTS: readonly Mutant[] = [
  // Every variable that two transitions may share makes them dependent.
  mutant("dependence without effects", ["dependence.ts", "...effects.map(({ at }) => at)]", "]"]),
  mutant("dependence without once", ["dependence.ts", marks, "[maxAt, firedAt, parkedAt]"]),
  mutant("dependence without own deadlines", [
    "dependence.ts",
    "touches.map(",
    "touches.slice(0, 0).map(",
  ]),
  mutant("dependence without deadlines", ["dependence.ts", "? [] : [deadline.at]", "? [] : []"]),
  mutant("dependence without timers", [
    "dependence.ts",
    'source.kind === "deadline" || source.kind === "arrival" ? [source.at]',
    'source.kind === "arrival" ? [source.at]',
  ]),
  mutant("dependence without acquired locks", ["dependence.ts", "      ...acquires,\n", ""]),
  mutant("dependence without released locks", ["dependence.ts", "      ...releases,\n", ""]),
  mutant("dependence without pivots", ["dependence.ts", "(pivot ? [PIVOTED] : [])", "[]"]),
  mutant("what turns back does not read the pivot", [
    "dependence.ts",
    "pivots && notices",
    "false",
  ]),
  mutant("undos without their order", ["dependence.ts", "after.map(({ at }) => at)", "[]"]),
  mutant("keys without the mark of all keys", [
    "dependence.ts",
    "barredBy.map(({ at }) => at)",
    "[]",
  ]),
  mutant("ends that read no effects", ["dependence.ts", "watched.get(type) ?? []", "[]"]),
  // What may enable a transition of the set belongs to the set.
  mutant("readers are independent", ["reduce.ts", "this.#include(readers[at] ?? []);", ""]),
  mutant("nothing enables a delivery", [
    "reduce.ts",
    "this.#dependence.feeders[index] ?? []",
    "[]",
  ]),
  mutant("nothing arms a deadline at once", [
    "dependence.ts",
    "if (arms) feed(",
    "if (!arms) feed(",
  ]),
  mutant("nothing arms a deadline later", ["dependence.ts", "&& arms) feed(", "&& !arms) feed("]),
  mutant("a join needs none of its events", [
    "reduce.ts",
    "return waitsForAny ? all : (best ?? []);",
    "return [];",
  ]),
  mutant("a join waits for what it has", [
    "reduce.ts",
    "state[gatherAt + part] !== 0) continue",
    "state[gatherAt + part] === 0) continue",
  ]),
  // A second delivery counts where it may do something.
  mutant("one delivery with a key stands for two", [
    "merge.ts",
    " || reaction.keys.length > 1",
    "",
  ]),
  mutant("one delivery stands for two that are late", [
    "merge.ts",
    "&& !lateSilent",
    "&& lateSilent",
  ]),
  mutant("one delivery stands for two that fail", [
    "merge.ts",
    'case "failure":\n      return counted',
    'case "failure":\n      return true',
  ]),
  mutant("one delivery stands for two that do nothing", [
    "merge.ts",
    "(service.fence && effect !== undefined)",
    "true",
  ]),
  mutant("one delivery stands for two without a fence", ["merge.ts", "service.fence && ", ""]),
  mutant("one delivery stands for two that are given up", [
    "merge.ts",
    "return emits.length === 0;",
    "return true;",
  ]),
  mutant("max of two counts as one", ["merge.ts", "max === 1", "max <= 2"]),
  mutant("joins that may park are merged", ["layout.ts", "(!service.mayPark && keys", "(keys"]),
  // An arrival waits only where nothing notices.
  mutant("ends from outside wait", ["merge.ts", "end === undefined &&", "true &&"]),
  mutant("pivots from outside wait", ["merge.ts", "!pivot &&", "true &&"]),
  mutant("locks from outside wait", [
    "merge.ts",
    "acquires.length + releases.length + touches",
    "touches",
  ]),
  mutant("an arrival does not wait for a join", [
    "reduce.ts",
    "waiting.push({ join, but });",
    "continue;",
  ]),
  mutant("only joins wait for arrivals", [
    "arrivals.ts",
    "sources.some((source) => isAwaited(state, source)) ||",
    "",
  ]),
  // Legs are alike in everything that matters.
  ...["pivots", "undoOrder", "oneOf"].map((field) =>
    mutant(`legs with different ${field} are alike`, [
      "same.ts",
      same,
      `([key]) => key !== "${field}" && !SILENT_FIELDS.has(key)`,
    ]),
  ),
  mutant("legs with and without a fence are alike", [
    "same.ts",
    "([name]) => !SILENT_FIELDS.has(name)",
    '([name]) => name !== "fence" && !SILENT_FIELDS.has(name)',
  ]),
  mutant("what a like leg breaks is not shown", [
    "explore.ts",
    "for (const exchange of exchanges) paths.push",
    "for (const exchange of [] as typeof exchanges) paths.push",
  ]),
  mutant("what a like leg does is not seen", [
    "explore.ts",
    'spread(ran, exchanges, "reactions");',
    "",
  ]),
  mutant(
    "steps of sorted legs are shown",
    ["path.ts", "model.sources[real[source.index] ?? -1] ?? source", "source"],
    plays,
  ),
  mutant(
    "a join hears its events in any order",
    ["path.ts", "[...came, ...waited]", "[...waited, ...came]"],
    plays,
  ),
  mutant(
    "what is heard is the first event of a reaction",
    ["path.ts", "underWay.get(source.at)?.shift() ?? first(source)", "first(source)"],
    plays,
  ),
];

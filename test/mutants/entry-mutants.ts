import { edit, type Mutant } from "./mutant.ts";

const LISTS = "names and payloads are judged as the lists say";
const STARTS = "a module that is read starts nothing, and its end is waited for";

/** Commands that run what they should read, and rules that miss or cry wolf. */
export const ENTRY_MUTANTS: readonly Mutant[] = [
  {
    name: "modules without exports run",
    edits: [
      edit("cli/module.ts", "declared?.names?.length === 0", "declared?.names?.length === -1"),
    ],
    suite: "files",
    caughtBy: "a module without exports is not run",
  },
  {
    name: "only what Node reads",
    edits: [edit("cli/import-module.ts", "if (!isBeyondNode(cause)) throw", "throw")],
    suite: "files",
    caughtBy: "a module that Node cannot read is compiled",
  },
  {
    name: "a check starts the application",
    edits: [edit("runtime/start.ts", "if (isReadingDeclarations())", 'if (service.name === "")')],
    suite: "files",
    caughtBy: STARTS,
  },
  {
    name: "a thread that waits for ever ends in silence",
    edits: [edit("cli/module-thread.ts", '"beforeExit"', '"exit"')],
    suite: "files",
    caughtBy: STARTS,
  },
  {
    name: "commands go by their last word",
    edits: [
      edit(
        "check/lint/name-faults.ts",
        "VERBS.has(first) && (phrasal",
        "VERBS.has(last) && (phrasal",
      ),
    ],
    suite: "files",
    caughtBy: LISTS,
  },
  {
    name: "romaji unseen",
    edits: [edit("check/lint/languages.ts", "return ROMAJI.has(word);", 'return ROMAJI.has("");')],
    suite: "files",
    caughtBy: LISTS,
  },
  {
    name: "a yes or no is personal",
    edits: [edit("check/lint/personal.ts", "if (isFlag(schema))", "if (isFlag(undefined))")],
    suite: "files",
    caughtBy: LISTS,
  },
  {
    name: "money has any fraction",
    edits: [edit("check/lint/misplaced.ts", 'schema.type === "number"', 'schema.type === "float"')],
    suite: "files",
    caughtBy: LISTS,
  },
  {
    name: "what was told may not be passed on",
    edits: [edit("check/lint/outsiders.ts", "|| wasTold(graph, event, owner)) return", ") return")],
    suite: "files",
    caughtBy: "what the owner of a fact said may be passed on",
  },
  {
    name: "lists of any length",
    edits: [edit("manifest/event-list.ts", "entries.length <= EVENTS_MAX", "entries.length >= 0")],
    suite: "files",
    caughtBy: "a list of events is bounded",
  },
];

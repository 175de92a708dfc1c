import { edit, type Mutant } from "./mutant.ts";

const moving = "accounts for every event, also of those written between two of its reads";
const broken = "goes on where it was when a commit of its projection has failed";
const two = "writes nothing of a page that another process has read before it";
const passed = "once it has left the outbox, and the bus was empty after that";
const held = "not while the outbox has it, however empty the bus";

/** Observers that lose or double rows, or whose ledger does not add up while sagas run. */
export const OBSERVER_MUTANTS: readonly Mutant[] = [
  {
    name: "an observer judges sagas by rows that no feed has told",
    edits: [edit("observer/cut.ts", "seq <= upTo &&", "seq <= upTo + 1_000_000 &&")],
    suite: "observer",
    caughtBy: moving,
  },
  {
    name: "an observer does not know what was handled before it was emitted",
    edits: [edit("observer/ledger.ts", "onItsWay + early;", "onItsWay + 0 * early;")],
    suite: "observer",
    caughtBy: moving,
  },
  {
    name: "an observer commits what it has counted before the sagas",
    edits: [
      edit(
        "observer/projection.ts",
        "this.#sagas.putAll(sagas);",
        "if (places.length > 0) { for (const at of places) this.#putPlace(at.cursor, at.about);" +
          'this.#database.exec("COMMIT"); this.#database.exec("BEGIN"); }' +
          " this.#sagas.putAll(sagas);",
      ),
    ],
    suite: "observer",
    caughtBy: broken,
  },
  {
    name: "an observer writes a page that another one has written",
    edits: [edit("observer/projection.ts", "this.cursor(service) !== cursor", "false")],
    suite: "observer",
    caughtBy: two,
  },
  {
    name: "an event is lost if the bus was empty before it left its outbox",
    edits: [
      edit("observe/bus-watch.ts", "findLast(({ ended }) => ended < time)", "findLast(() => true)"),
    ],
    suite: "observer",
    caughtBy: passed,
  },
  {
    name: "an event is lost while its outbox has it",
    edits: [
      edit(
        "observe/bus-watch.ts",
        "outbox === 0 ? this.#commitMs : Math.max(this.#commitMs, outboxOldestMs)",
        "outbox >= 0 ? this.#commitMs : Math.max(this.#commitMs, outboxOldestMs)",
      ),
    ],
    suite: "observer",
    caughtBy: held,
  },
];

import { edit, type Mutant } from "./mutant.ts";

const moving = "accounts for every event, also of those written between two of its reads";
const broken = "goes on where it was when a commit of its projection has failed";
const two = "writes nothing of a page that another process has read before it";
const passed = "once it has left the outbox, and the bus was empty after that";
const held = "not while the outbox has it, however empty the bus";

const toldSagas = "observer/told-sagas.ts";
const sagaRows = "observer/saga-rows.ts";
const helps = "that helps is told by its saga, and its time is not the way of an event";
const pages = "has each saga for which all filters hold once, page by page";

/**
 * Observers that lose or double rows, whose ledger does not add up while sagas run, or that do not
 * say where a saga rests.
 */
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
    name: "an observer keeps sagas that another one has read on",
    edits: [edit(toldSagas, "if (!isNext) this.forget();", "if (!isNext) this.#upTo = new Map();")],
    suite: "observer",
    caughtBy: "reads those of which another process has read on in the meantime",
  },
  {
    name: "an observer does not read a saga that an earlier process has met",
    edits: [
      edit(toldSagas, "met.has(id) ? undefined : withRows", "met.has('') ? undefined : withRows"),
    ],
    suite: "observer",
    caughtBy: "reads those of which rows were told to an earlier process",
  },
  {
    name: "an observer calls sagas stuck whose beginning it has not read",
    edits: [edit("observer/saga-judge.ts", "isEarly = early.some(", "isEarly = [].some(")],
    suite: "observer",
    caughtBy: "does not call one stuck whose beginning its feeds have not told yet",
  },
  {
    name: "an observer knows what becomes of what a join keeps",
    edits: [
      edit(
        toldSagas,
        '(disposition === "gathered" && ended.has(reaction))',
        'disposition === "gathered"',
      ),
    ],
    suite: "observer",
    caughtBy: "reads those with what a join keeps, until it has fired",
  },
  {
    name: "an observer does not wait for a feed that is behind",
    edits: [edit("observer/observer.ts", "ended?.has(emitter) === false ||", "")],
    suite: "observer",
    caughtBy: "nor while the feed of its beginning is behind, however old that is",
  },
  {
    name: "an observer judges feeds of long ago by the time that it is now",
    edits: [
      edit(
        "observer/observer.ts",
        "const since = at - EARLY_MS",
        "const since = this.#now() - EARLY_MS",
      ),
    ],
    suite: "observer",
    caughtBy: "nor later, while nothing can be read",
  },
  {
    name: "an observer knows nothing of deadlines",
    edits: [edit(toldSagas, "armedBy.size > 0 &&", "armedBy.size < 0 &&")],
    suite: "observer",
    caughtBy: "reads those in which a deadline may be armed",
  },
  {
    name: "an observer does not see what was put off",
    edits: [edit(toldSagas, "SETTLED.has(disposition) ||", "SETTLED.size > 0 ||")],
    suite: "observer",
    caughtBy: "reads those with a delivery that was put off, until it has come to its end",
  },
  {
    name: "an observer takes a saga that it has forgotten for a new one",
    edits: [edit("observer/projection.ts", "isNew(at) ? [] : [id]", "isNew(0) ? [] : []")],
    suite: "observer",
    caughtBy: "reads those that it has forgotten",
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
    name: "what had passed before a clock was set back has passed since",
    edits: [edit("observe/bus-watch.ts", "if (time >= before) return;", "if (time > 0) return;")],
    suite: "observer",
    caughtBy: "not by what was seen before the clock of its service was set back",
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
  {
    name: "an observer leaves a saga where it rested, though it has gone on",
    edits: [edit(sagaRows, "before.open !== 0 || before.rests !== null", "before.open !== 0")],
    suite: "observer",
    caughtBy: "is at that place no longer once it goes on",
  },
  {
    name: "an observer asks a server as often as it reads a file",
    edits: [edit("observer/observer.ts", '? "servers" : "files"', '? "files" : "files"')],
    suite: "observer",
    caughtBy: "says whether an observer takes its reads from a server",
  },
  {
    name: "a service that is asked over HTTP is read like a file",
    edits: [edit("web/http-source.ts", "isServed = true", "isServed = false")],
    suite: "observer",
    caughtBy: "says whether an observer takes its reads from a server",
  },
  {
    name: "an observer counts the place where a saga rests as put off",
    edits: [edit("observer/open-sums.ts", '"unheard", RESTS]', '"unheard"]')],
    suite: "observer",
    caughtBy: "has nothing that is open, in no sum and no list",
  },
  {
    name: "an observer says what a saga waits for that rests",
    edits: [edit("observer/saga-list.ts", "AND state <> '", "AND '' <> '")],
    suite: "observer",
    caughtBy: "has nothing that is open, in no sum and no list",
  },
  {
    name: "an observer gives a saga a place to rest that may go on",
    edits: [
      edit(
        "observer/saga-judge.ts",
        "isPartial || isEarly ? undefined : full.rests",
        "isPartial ? undefined : full.rests",
      ),
    ],
    suite: "observer",
    caughtBy: "is at no place while it is not known whether it is at rest",
  },
  {
    name: "a saga rests at its last step, though a person has discarded a delivery",
    edits: [edit("observe/resting.ts", "[discarded, leaves, moving, steps]", "[leaves, moving]")],
    suite: "observer",
    caughtBy: "rests at the delivery that a person has discarded, also if more came later",
  },
  {
    name: "a list has a saga twice that waits for two events",
    edits: [
      edit("observer/saga-list.ts", "id !== all[n - 1]?.id", "n >= 0 || all.length < 0 || !id"),
    ],
    suite: "observer",
    caughtBy: pages,
  },
  {
    name: "a page counts a saga twice that waits for two events",
    edits: [
      edit("observer/saga-list.ts", ".filter(({ id }, n,", ".slice(0, limit).filter(({ id }, n,"),
    ],
    suite: "observer",
    caughtBy: pages,
  },
  {
    name: "a list of an event is of all services",
    edits: [
      edit(
        "observer/saga-list.ts",
        "(at === undefined ? hearersOf(sql, stem)",
        "(at !== '' ? hearersOf(sql, stem)",
      ),
    ],
    suite: "observer",
    caughtBy: pages,
  },
  {
    name: "a list by id has what waits for other events",
    edits: [edit("observer/saga-list.ts", "event === stem", "event !== '' && stem !== ''")],
    suite: "observer",
    caughtBy: pages,
  },
  {
    name: "the time for which a delivery was parked is the way of its event",
    edits: [edit("observer/passages.ts", "failed || held !== undefined ?", "false ?")],
    suite: "observer",
    caughtBy: "is not that for which its delivery was parked",
  },
  {
    name: "failed attempts are the way of an event",
    edits: [edit("observer/passages.ts", "(record.attempt ?? 1) > 1", "(record.attempt ?? 1) > 9")],
    suite: "observer",
    caughtBy: "is not that of attempts that have failed, nor known without its emitter",
  },
  {
    name: "an action does not say that its delivery was parked again",
    edits: [edit("console/actions.ts", 'action !== "retry"', 'action !== "discard"')],
    suite: "observer",
    caughtBy: "that fails again is told by the row of its delivery",
  },
  {
    name: "the last of several retries that were in vain is what all of them came to",
    edits: [edit("console/actions.ts", "return followed ||", "return")],
    suite: "observer",
    caughtBy: helps,
  },
  {
    name: "a timeline draws the time for which a delivery was parked as its way",
    edits: [edit("console/steps.ts", "attempt > 1 || retried.has(", "attempt > 1 && retried.has(")],
    suite: "observer",
    caughtBy: helps,
  },
  {
    name: "a retry of one saga marks the steps of others",
    edits: [edit("observer/actions.ts", "WHERE saga = ? ORDER", "WHERE saga <> ? ORDER")],
    suite: "observer",
    caughtBy: helps,
  },
];

import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import { memoryBus, memoryStore } from "odori/memory";
import { codeOf } from "../../src/contract/errors.ts";
import type { StoreTransaction } from "../../src/ports/transaction.ts";
import { FIRST } from "../../src/runtime/attempt.ts";
import { Delivery } from "../../src/runtime/delivery.ts";
import { Draft } from "../../src/runtime/draft.ts";
import { Pace } from "../../src/runtime/pace.ts";
import { Publisher } from "../../src/runtime/publisher.ts";
import { Scope } from "../../src/runtime/scope.ts";
import { runTogether } from "../../src/runtime/together.ts";
import { Worker } from "../../src/runtime/worker.ts";
import { placed } from "../support/contracts.ts";
import { envelope, ManualClock, silent } from "../support/stage.ts";
import { aloneWith, heldStore, taskOf, turn } from "./by-themselves.ts";
import { limits, readyFor, seated } from "./seats.ts";

/** Far more than are needed: a broken runtime could go on for ever. */
const RUNS_MAX = 1_000;
const TRANSACTIONS_MAX = 100;

/** A store that knows all deliveries already, and whose every commit fails. */
function refusingStore() {
  const state = { transactions: 0 };
  const inner = memoryStore();
  const store: ReturnType<typeof memoryStore> = Object.assign(Object.create(inner), {
    lanes: 1,
    transaction(work: (tx: unknown) => Promise<unknown>) {
      if (++state.transactions > TRANSACTIONS_MAX) return new Promise(() => {});
      return inner.transaction((tx: StoreTransaction<unknown>) =>
        work({
          receive: async (receipts: readonly unknown[]) =>
            receipts.map(() => ({ status: "duplicate", marks: new Map(), gathered: [] })),
          scope: () => tx.scope(),
          write: async () => {
            throw new Error("the commit fails");
          },
        }),
      );
    },
  });
  return { state, store };
}

function workerOn(store: ReturnType<typeof memoryStore>) {
  const common = { environment: new ManualClock(), logger: silent, watch: undefined, probe() {} };
  return new Worker({
    ...common,
    service: "order",
    store,
    publisher: new Publisher({ ...common, bus: memoryBus([]), refusedMax: 1 }),
    batchMax: 8,
    onDeferred() {},
    onHeld() {},
  });
}

/** Which deliveries run together, and which by themselves: for whole and for broken runtimes. */
export function apartOrTogether({ it }: Runner): void {
  it("what another session holds leaves the line, and does not keep others out", async () => {
    const environment = new ManualClock();
    const { store } = heldStore();
    const { alone, failed } = aloneWith({ store, environment });
    for (let n = 0; n < 45; n++) alone.retry(taskOf(`s-${n}`));
    // The line is full: these need not wait to be kept for later.
    const early = failed.map(({ sagaId }) => sagaId);
    assert.deepEqual(early, ["s-42", "s-43", "s-44"]);
    for (const { error } of failed) assert.equal(codeOf(error), "STORE_BUSY");
    assert.equal(alone.waiting, 42);
  });

  it("if no statement was answered in time, fewer travel together, until one is slow", async () => {
    const run = (ids: readonly string[]) => {
      const seats = ids.map(() => ({ touched: true, contended: false, detached: false }));
      const ready = ids.map((id) => readyFor(id, false));
      return runTogether(seated(seats), ready, limits);
    };
    const result = await run(["first", "second", "third"]);
    assert(!result.kept);
    const sagas = result.others.map(({ task }) => task.receipt.sagaId);
    assert.deepEqual(sagas, ["first", "second", "third"]);
    assert.deepEqual([result.slow, result.overdue], [[], { statements: 3, first: [] }]);
    const single = await run(["first"]);
    assert(!single.kept);
    const slow = single.slow.map(({ receipt }) => receipt.sagaId);
    assert.deepEqual([slow, single.others, single.overdue], [["first"], [], undefined]);
  });

  it("what was answered and waits for something else is slow, however many there are", async () => {
    const seats = [false, false, true].map((unanswered) => {
      return { touched: true, contended: false, detached: false, unanswered };
    });
    const ready = ["first", "second", "third"].map((id) => readyFor(id, false));
    const result = await runTogether(seated(seats), ready, limits);
    assert(!result.kept);
    const slow = result.slow.map(({ receipt }) => receipt.sagaId);
    const first = result.overdue?.first.map(({ task }) => task.receipt.sagaId);
    assert.deepEqual([slow, first, result.others], [["first", "second"], ["third"], []]);
  });

  it("those that wait behind another one of their saga go on with a detached one", async () => {
    const environment = new ManualClock();
    const { store } = heldStore();
    const { alone, added, failed } = aloneWith({ store, environment });
    alone.add(taskOf("s", { ...FIRST, number: 2 }));
    for (let turns = 0; turns < 40; turns++) await turn();
    alone.add(taskOf("s", { ...FIRST, number: 3 }));
    const tx = seated([]).scope().detach();
    const scope = new Scope(tx, new Draft());
    alone.goOn({
      ...readyFor("s", true),
      scope,
      tx,
      running: Promise.reject(new Error("it fails")),
    });
    for (let turns = 0; turns < 40; turns++) await turn();
    assert.deepEqual([failed.length, added], [1, ["s"]]);
  });

  it("a slow reaction has a trial if no run by itself was quick; a slow one ends it", async () => {
    const pace = new Pace();
    const runs = () => {
      let count = 0;
      for (; pace.isSlow("r") && count < RUNS_MAX; count++) pace.ranAlone("r", { quick: false });
      return count;
    };
    pace.slow("r");
    pace.slow("r");
    assert.equal(runs(), 64);
    pace.slow("r");
    assert.equal(runs(), 128);
    for (let n = 0; n < 64; n++) pace.ran("r", 1);
    pace.slow("r");
    assert.equal(pace.isSlow("r"), false);
    pace.slow("r");
    assert.equal(runs(), 64);
  });

  it("deliveries of which none can be recorded go back to the bus, each once", async () => {
    const { state, store } = refusingStore();
    const worker = workerOn(store);
    const failed: string[] = [];
    const names: string[] = [];
    for (const id of ["s-1", "s-2", "s-3", "s-4"]) {
      // The second one of a saga comes behind the first one, wherever that one goes.
      for (const reaction of ["charge", "pack"]) {
        const delivery = Delivery.of(reaction, envelope(placed, id, {}, { id }), FIRST);
        const name = `${reaction} ${id}`;
        names.push(name);
        const task = {
          receipt: delivery.receipt(),
          fields: delivery.fields,
          completion: { done() {}, failed: () => failed.push(name) },
          run() {},
          recover: () => task,
        };
        worker.add(task);
      }
    }
    while (failed.length < names.length && state.transactions <= TRANSACTIONS_MAX) await turn();
    assert.deepEqual(failed.toSorted(), names.toSorted());
    await worker.stop(1);
  });
}

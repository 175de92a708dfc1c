import assert from "node:assert/strict";
import { type HandlerScope, systemEnvironment } from "odori";
import { it } from "vitest";
import type { Together } from "../../src/ports/transaction.ts";
import { Afloat } from "../../src/runtime/afloat.ts";
import { Pace } from "../../src/runtime/pace.ts";

const limits = { environment: systemEnvironment, limitMs: 1 };

/** A handler that has sent a statement, which ends as `sent` does. */
function handlerOf(sent: Promise<void>, contended = false): HandlerScope<string> {
  return {
    native: "",
    touched: true,
    flights: 1,
    contended,
    returned() {},
    sent: () => sent,
    keep() {},
    undo() {},
    detach() {
      throw new Error("it is not detached here");
    },
  };
}

function taskOf(sagaId: string) {
  const receipt = { reaction: "take", source: "/orders", id: sagaId, type: "asked.v1", sagaId };
  return {
    receipt: { ...receipt, gathers: false, seeks: [], deferred: undefined },
    fields: {},
    completion: { done() {}, failed() {} },
    run() {},
  };
}

function togetherOf(interrupt: () => void): Together<string> & {
  readonly culprits: Set<HandlerScope<string>>;
} {
  return {
    culprits: new Set(),
    scope: () => handlerOf(Promise.resolve()),
    keep() {},
    interrupt: async () => interrupt(),
    undo: async () => {},
  };
}

it("what takes longer than a handler may is interrupted, and blamed by itself", async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  const together = togetherOf(() => {
    together.culprits.add(waiting);
    reject(new Error("cancelled"));
  });
  const waiting = handlerOf(promise, true);
  const behind = handlerOf(promise);
  const afloat = new Afloat<string>();
  const [first, second] = [taskOf("waits"), taskOf("behind it")];
  afloat.add(together, first, waiting);
  afloat.add(together, second, behind);
  assert.equal(await afloat.land(limits), false);
  const error = await afloat.blame(new Error("nothing was committed"), limits, new Pace());
  assert.deepEqual(Object(error).contended, [first]);
  assert.deepEqual(Object(error).culprits, []);
});

it("what has succeeded is not blamed for a commit that fails", async () => {
  const together = togetherOf(() => assert.fail("there is nothing to interrupt"));
  const afloat = new Afloat<string>();
  afloat.add(together, taskOf("a"), handlerOf(Promise.resolve()));
  assert.equal(await afloat.land(limits), true);
  assert.equal(afloat.any, false);
  const failure = new Error("the commit has failed");
  assert.equal(await afloat.blame(failure, limits, new Pace()), failure);
});

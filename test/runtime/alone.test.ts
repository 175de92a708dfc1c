import { systemEnvironment } from "odori";
import { memoryStore } from "odori/memory";
import { expect, it } from "vitest";
import { Alone } from "../../src/runtime/alone.ts";
import { FIRST } from "../../src/runtime/attempt.ts";
import { Delivery } from "../../src/runtime/delivery.ts";
import { Pace } from "../../src/runtime/pace.ts";
import { placed } from "../support/contracts.ts";
import { envelope, ManualClock } from "../support/stage.ts";
import { aloneWith, heldStore, taskOf, turn } from "./by-themselves.ts";

it("one that was put off runs once more when it is due, ever later", async () => {
  const environment = new ManualClock();
  environment.random = () => 1;
  const { state, store } = heldStore();
  const { alone, failed, settled } = aloneWith({ store, environment });
  for (let n = 0; n < 17; n++) alone.retry(taskOf(`s-${n}`));
  for (let n = 0; n < 4; n++) {
    environment.advance(20);
    for (let turns = 0; turns < 40; turns++) await turn();
  }
  const due = taskOf("s-0", { ...FIRST, deferred: 1, journaled: true });
  expect(alone.claims(due)).toBe(true);
  const delays = [];
  for (let n = 0; n < 3; n++) {
    const looks = state.looks;
    alone.add(due);
    await alone.idle();
    expect(state.looks).toBe(looks + 1);
    delays.push(failed.at(-1)?.error);
  }
  expect(delays).toMatchObject([{ delayMs: 500 }, { delayMs: 1_000 }, { delayMs: 2_000 }]);
  state.held = false;
  alone.add(due);
  await alone.idle();
  expect(settled).toEqual(["s-0"]);
  expect(alone.claims(due)).toBe(false);
});

it("a task of which not even the recovery can be made is handed back to its caller", async () => {
  const failures: unknown[] = [];
  const delivery = Delivery.of("charge", envelope(placed, "s", {}), FIRST);
  const alone = new Alone({
    store: memoryStore(),
    environment: systemEnvironment,
    probe() {},
    pace: new Pace(),
    add() {},
    settled() {},
    committed() {},
    unavailable() {},
    failed: (_task, error, recovery) => failures.push({ error, recovery }),
  });
  alone.add({
    receipt: delivery.receipt(),
    fields: delivery.fields,
    completion: { done() {}, failed() {} },
    run() {
      throw new Error("the handler fails");
    },
    recover() {
      throw new Error("the recovery cannot be made");
    },
  });
  await alone.idle();
  expect(failures).toMatchObject([
    { error: { message: "the recovery cannot be made" }, recovery: undefined },
  ]);
});

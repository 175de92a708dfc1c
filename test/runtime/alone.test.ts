import { systemEnvironment } from "odori";
import { memoryStore } from "odori/memory";
import { expect, it } from "vitest";
import { Alone } from "../../src/runtime/alone.ts";
import { FIRST } from "../../src/runtime/attempt.ts";
import { Delivery } from "../../src/runtime/delivery.ts";
import { Pace } from "../../src/runtime/pace.ts";
import { PutOffs } from "../../src/runtime/put-off.ts";
import { placed } from "../support/contracts.ts";
import { envelope, ManualClock } from "../support/stage.ts";
import { aloneWith, heldStore, taskOf } from "./by-themselves.ts";

it("one that was put off runs once the line has room, and until then ever later", async () => {
  const environment = new ManualClock();
  environment.random = () => 1;
  const { state, store } = heldStore();
  const { alone, failed, settled } = aloneWith({ store, environment });
  for (let n = 0; n < 43; n++) alone.retry(taskOf(`s-${n}`));
  const due = taskOf("s-42", { ...FIRST, deferred: 1, journaled: true });
  expect(alone.claims(due)).toBe(true);
  for (let n = 0; n < 2; n++) alone.add(due);
  const delays = failed.map(({ error }) => error);
  expect(delays).toMatchObject([{ delayMs: 250 }, { delayMs: 500 }, { delayMs: 1_000 }]);
  expect(state.looks).toBe(0);
  state.held = false;
  environment.advance(20);
  await alone.idle();
  alone.add(due);
  await alone.idle();
  expect(settled).toContain("s-42");
  expect(alone.claims(due)).toBe(false);
});

it("the more are put off, the longer each one waits", () => {
  const environment = new ManualClock();
  environment.random = () => 1;
  const putOffs = new PutOffs();
  const add = (n: number) => putOffs.add(taskOf(`s-${n}`), 1, environment).delayMs;
  const delays = Array.from({ length: 400 }, (_, n) => add(n));
  expect([delays[0], delays[99], delays[399]]).toEqual([250, 4_000, 10_000]);
  // Other processes have done them meanwhile: nothing tells of that here.
  environment.advance(75_000);
  expect(add(400)).toBe(250);
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

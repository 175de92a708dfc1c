import { systemEnvironment } from "odori";
import { memoryStore } from "odori/memory";
import { expect, it } from "vitest";
import { Alone } from "../../src/runtime/alone.ts";
import { FIRST } from "../../src/runtime/attempt.ts";
import { Delivery } from "../../src/runtime/delivery.ts";
import { Pace } from "../../src/runtime/pace.ts";
import { placed } from "../support/contracts.ts";
import { envelope } from "../support/stage.ts";

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

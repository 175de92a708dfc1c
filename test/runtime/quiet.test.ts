import { service, start } from "odori";
import { type MemoryTx, memoryBus, memoryStore } from "odori/memory";
import { it } from "vitest";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { stopping } from "../support/scope.ts";
import { ManualClock, silent } from "../support/stage.ts";

const order = service<MemoryTx>("order").begins(placed);

it("the relay looks less often while it finds nothing, and often when work comes", async () => {
  const store = memoryStore();
  let claims = 0;
  const claim = store.claim.bind(store);
  store.claim = (...asked) => {
    claims++;
    return claim(...asked);
  };
  const clock = new ManualClock();
  const options = { store, bus: memoryBus(["order"]), logger: silent, environment: clock };
  await using app = stopping(await start(order, options));
  const looksAfter = async (ms: number) => {
    const looked = claims;
    await eventually(`it waits for ${ms} ms`, () => clock.waits(ms));
    clock.advance(ms);
    await eventually("it looks", () => claims > looked);
  };
  await looksAfter(0);
  for (let round = 1; round < 10; round++) await looksAfter(100);
  for (let round = 0; round < 3; round++) await looksAfter(500);
  await eventually("it waits again", () => clock.waits(500));
  // The caller commits when it likes to, and then the relay publishes the event.
  await store.transaction(async ({ native }) => {
    await app.begin("s", () => placed({ orderId: "o" }), { within: native });
  });
  await looksAfter(100);
});

import { service } from "odori";
import { describe, expect, it } from "vitest";
import { GROUP_BUDGET_MS } from "../../src/runtime/group.ts";
import { UNTOUCHED_MS } from "../../src/runtime/time-limit.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { kits } from "../support/kits.ts";
import { envelope, ManualClock, Stage } from "../support/stage.ts";

const DELIVERIES = 20;

describe.each(kits)("slow-handler-holds-all, on $name", ({ make }) => {
  it("deliveries behind a group of slow ones of their reaction run at once", async () => {
    const { promise: opened, resolve: openGate } = Promise.withResolvers<void>();
    const clock = new ManualClock();
    const kit = make();
    let running = 0;
    const payment = service<unknown>("payment").on(placed, {
      readonly: true,
      async handle({ data }, { tx }) {
        running++;
        await opened;
        kit.effect("payment", tx, data.orderId);
      },
    });
    await using stage = await Stage.open(kit, payment, { environment: clock });
    const orders = Array.from({ length: DELIVERIES }, (_, n) => `o-${n}`);
    const heard = stage.hear(
      ...orders.map((orderId) => envelope(placed, `saga of ${orderId}`, { orderId })),
    );
    // A group begins handlers until its time is over. Then none of the others takes as long again.
    for (let n = 1; n <= GROUP_BUDGET_MS / UNTOUCHED_MS; n++) {
      await eventually(`number ${n} is waited for`, () => {
        clock.advance(0);
        return running === n && clock.waits(UNTOUCHED_MS);
      });
      clock.advance(UNTOUCHED_MS);
    }
    const others = () => {
      clock.advance(0);
      return running;
    };
    await eventually("all of them run", others, DELIVERIES);
    openGate();
    // Those that meet another transaction run again, after a pause.
    const done = async () => {
      clock.advance(20);
      return (await stage.effects()).length;
    };
    await eventually("all are done", done, DELIVERIES);
    await heard;
    expect([...(await stage.effects())].sort()).toEqual([...orders].sort());
  });
});

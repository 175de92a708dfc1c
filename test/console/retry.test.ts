import { StoreUnavailableError } from "odori";
import type { JournalSource } from "odori/console";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { retried, retryCases } from "./retry-cases.ts";
import { ConsoleStage } from "./stage.ts";

const LIMIT = { timeout: 120_000 };

retryCases({ describe, it: (name, run) => it(name, LIMIT, run) });

describe("a retry", LIMIT, () => {
  it("without the database says so, and that nothing is parked again", async () => {
    let isAway = false;
    const leaving = (source: JournalSource): JournalSource => {
      const unlessAway = <T>(ask: () => Promise<T>): Promise<T> =>
        isAway ? Promise.reject(new StoreUnavailableError("STORE_UNAVAILABLE", "away")) : ask();
      return {
        inspect: source.inspect,
        about: () => unlessAway(() => source.about()),
        feed: (after, limit) => unlessAway(() => source.feed(after, limit)),
        outbox: (limit) => source.outbox(limit),
        close: () => source.close(),
      };
    };
    await using stage = await ConsoleStage.open(["wrong", "wrong"], { allow: ["retry"] }, leaving);
    isAway = true;
    await eventually("it is away", async () => (await stage.live()).unread?.length, 1);
    const preview = await stage.post("/api/v1/parked/preview", { action: "retry", filter: {} });
    expect(preview.body).toMatchObject({ deliveries: 2, looked: 0, unread: ["payment"] });
    expect(await retried(stage)).toMatchObject({ done: 0, failed: 2, again: 0 });
  });

  it("that no process runs says so, and nothing is parked any more", async () => {
    await using stage = await ConsoleStage.open(["wrong"], { allow: ["retry"] });
    const saga = async () => (await stage.ask("/api/v1/sagas/s-0")).body;
    expect(Object.keys((await saga()).outlook)).toContain("ifRetried");
    await retried(stage);
    const { saga: row, why, outlook } = await saga();
    expect(row.verdict).toBe("retrying");
    expect(why).toMatchObject([{ state: "retrying", attempts: 0, notRunning: "payment" }]);
    expect(Object.keys(outlook)).not.toContain("ifRetried");
    expect(Object.keys(outlook)).not.toContain("ifDiscarded");
    expect(outlook.ahead.events).toContain("order.closed.v1");
  });
});

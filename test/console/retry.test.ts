import type { JournalSource } from "odori/console";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { retried, retryCases } from "./retry-cases.ts";
import { ConsoleStage, leavingSource } from "./stage.ts";

const LIMIT = { timeout: 120_000 };

retryCases({ describe, it: (name, run) => it(name, LIMIT, run) });

describe("a retry", LIMIT, () => {
  it("without the database says so, and that nothing is parked again", async () => {
    let isAway = false;
    const leaving = (source: JournalSource) => leavingSource(source, () => isAway);
    await using stage = await ConsoleStage.open(["wrong", "wrong"], { allow: ["retry"] }, leaving);
    isAway = true;
    await eventually("it is away", async () => (await stage.live()).unread?.length, 1);
    const preview = await stage.post("/api/v1/parked/preview", { action: "retry", filter: {} });
    expect(preview.body).toMatchObject({ deliveries: 2, looked: 0, unread: ["payment"] });
    expect(await retried(stage)).toMatchObject({ done: 0, failed: 2, parkedAgain: 0 });
  });

  it("that no process runs says so, and nothing is parked any more", async () => {
    await using stage = await ConsoleStage.open(["wrong"], { allow: ["retry"] });
    const saga = async () => (await stage.ask("/api/v1/sagas/s-0")).body;
    expect(Object.keys((await saga()).outlook)).toContain("ifRetried");
    const preview = await stage.post("/api/v1/parked/preview", { action: "retry", filter: {} });
    expect(preview.body).toMatchObject({ deliveries: 1, notRunning: ["payment"] });
    await retried(stage);
    const { saga: row, why, outlook } = await saga();
    expect(row.verdict).toBe("retrying");
    expect(why).toMatchObject([{ state: "retrying", attempts: 0, notRunning: "payment" }]);
    expect(Object.keys(outlook)).not.toContain("ifRetried");
    expect(Object.keys(outlook)).not.toContain("ifDiscarded");
    expect(outlook.ahead.events).toContain("order.closed.v1");
  });
});

import { type Bus, StoreUnavailableError, service, start } from "odori";
import type { JournalSource } from "odori/console";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import type { Action, SagaReply, Step } from "../../src/console/wire.ts";
import { closed, opened, shop } from "../cli/fixtures/shopping.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { ConsoleStage } from "./stage.ts";

const LIMIT = { timeout: 120_000 };

/** The shop, whose handler does not fail any more. */
const repaired = service<unknown>("payment")
  .begins(opened)
  .on(opened, { emits: [closed], handle: ({ data }) => closed(data) });

async function retried(stage: ConsoleStage) {
  const { body } = await stage.post("/api/v1/parked/retry", { filter: {}, perSecond: 100 });
  return eventually(
    "the job ends",
    async () => (await stage.ask(`/api/v1/jobs/${body.id}`)).body,
    ({ state }) => state !== "running",
  );
}

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

  it("that fails again is told by the row of its delivery", async () => {
    await using stage = await ConsoleStage.open(["wrong"], { allow: ["retry"] });
    const row = async () => (await stage.ask("/api/v1/parked")).body.parked[0];
    const { since } = await row();
    await using bus = closing(memoryBus(["payment"]));
    await using _app = stopping(
      await start(shop, { store: sqlite(stage.path), bus, logger: silent, pollMs: 5 }),
    );
    expect(await retried(stage)).toMatchObject({ done: 1, failed: 0 });
    const again = await eventually("it has failed again", row, (one) => one?.retried !== undefined);
    expect(again).toMatchObject({ since, attempts: 1 });
    expect(again.retried).toBeGreaterThan(since);
    const done = [{ action: "retry", id: again.id, sagaId: "s-0", parkedAgain: true }];
    expect((await stage.ask("/api/v1/actions")).body.actions).toMatchObject(done);
    expect((await stage.ask("/api/v1/sagas/s-0")).body.actions).toMatchObject(done);
  });

  it("that helps is told by its saga, and its time is not the way of an event", async () => {
    await using stage = await ConsoleStage.open(["wrong", "done"], { allow: ["retry"] });
    const running = async (version: typeof shop, bus: Bus) =>
      stopping(await start(version, { store: sqlite(stage.path), bus, logger: silent, pollMs: 5 }));
    {
      await using bus = closing(memoryBus(["payment"]));
      await using _app = await running(shop, bus);
      await retried(stage);
      const row = async () => (await stage.ask("/api/v1/parked")).body.parked[0];
      await eventually("it has failed again", row, (one) => one?.retried !== undefined);
    }
    await using bus = closing(memoryBus(["payment"]));
    await using _app = await running(repaired, bus);
    expect(await retried(stage)).toMatchObject({ done: 1, failed: 0 });
    const reply = async (id: string) => (await stage.ask(`/api/v1/sagas/${id}`)).body;
    const ended = ({ saga }: SagaReply) => saga.verdict === "succeeded";
    const { steps, actions } = await eventually("it ends", () => reply("s-0"), ended);
    expect(steps.map(({ putOff }: Step) => putOff)).toEqual([undefined, true]);
    const again = actions.map(({ parkedAgain }: Action) => parkedAgain);
    expect(again).toEqual([undefined, true]);
    const other = await reply("s-1");
    expect(other.steps.map(({ putOff }: Step) => putOff)).toEqual([undefined, undefined]);
    expect(other.actions).toEqual([]);
  });
});

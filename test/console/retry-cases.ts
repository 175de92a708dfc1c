import assert from "node:assert/strict";
import { type Bus, service, start } from "odori";
import type { Runner } from "odori/conformance";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import type { Action, Job, ParkedRow, SagaReply, Step } from "../../src/console/wire.ts";
import { closed, opened, shop } from "../cli/fixtures/shopping.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { ConsoleStage } from "./stage.ts";

/** The shop, whose handler does not fail any more. */
const repaired = service<unknown>("payment")
  .begins(opened)
  .on(opened, { emits: [closed], handle: ({ data }) => closed(data) });

/** Retries all that is parked, and waits until the job has ended. */
export async function retried(stage: ConsoleStage): Promise<Job> {
  const { body } = await stage.post("/api/v1/parked/retry", { filter: {}, perSecond: 100 });
  return eventually(
    "the job ends",
    async (): Promise<Job> => (await stage.ask(`/api/v1/jobs/${body.id}`)).body,
    ({ state }) => state !== "running",
  );
}

async function running({ path }: ConsoleStage, version: typeof shop, bus: Bus) {
  const options = { store: sqlite(path), bus, logger: silent, pollMs: 5 };
  return stopping(await start(version, options));
}

/** Retries while the handler fails still, and waits until it has failed again. */
async function retriedInVain(stage: ConsoleStage): Promise<ParkedRow> {
  await using bus = closing(memoryBus(["payment"]));
  await using _app = await running(stage, shop, bus);
  const { done, failed } = await retried(stage);
  assert.deepEqual([done, failed], [1, 0]);
  const row = async (): Promise<ParkedRow> => (await stage.ask("/api/v1/parked")).body.parked[0];
  return eventually("it has failed again", row, (one) => one?.retried !== undefined);
}

/** What the page says of what a person has done. */
export function retryCases({ describe, it }: Runner): void {
  describe("a retry", () => {
    it("that fails again is told by the row of its delivery", async () => {
      await using stage = await ConsoleStage.open(["wrong"], { allow: ["retry"] });
      const [before] = (await stage.ask("/api/v1/parked")).body.parked;
      const { id, since, attempts, retried: at = 0 } = await retriedInVain(stage);
      assert.deepEqual([since, attempts], [before.since, 1]);
      assert.ok(at > since);
      for (const path of ["/api/v1/actions", "/api/v1/sagas/s-0"]) {
        const actions: readonly Action[] = (await stage.ask(path)).body.actions;
        const told = actions.map(({ action, id, sagaId, parkedAgain }) => [
          ...[action, id, sagaId],
          parkedAgain,
        ]);
        assert.deepEqual(told, [["retry", id, "s-0", true]]);
      }
    });

    it("that helps is told by its saga, and its time is not the way of an event", async () => {
      await using stage = await ConsoleStage.open(["wrong", "done"], { allow: ["retry"] });
      await retriedInVain(stage);
      await using bus = closing(memoryBus(["payment"]));
      await using _app = await running(stage, repaired, bus);
      await retried(stage);
      const reply = async (id: string): Promise<SagaReply> =>
        (await stage.ask(`/api/v1/sagas/${id}`)).body;
      const ended = ({ saga }: SagaReply) => saga.verdict === "succeeded";
      const { steps, actions } = await eventually("it ends", () => reply("s-0"), ended);
      const putOff = (of: readonly Step[]) => of.map((step) => step.putOff === true);
      assert.deepEqual(putOff(steps), [false, true]);
      // The last first.
      assert.deepEqual(
        actions.map(({ parkedAgain }) => parkedAgain === true),
        [false, true],
      );
      const other = await reply("s-1");
      assert.deepEqual(putOff(other.steps), [false, false]);
      assert.deepEqual(other.actions, []);
    });
  });
}

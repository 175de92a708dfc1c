import { systemEnvironment } from "odori";
import { describe, expect, it } from "vitest";
import { Lane } from "../../src/runtime/lane.ts";
import type { Task } from "../../src/runtime/task.ts";

const receipt = {
  reaction: "r",
  source: "/s",
  id: "1",
  type: "t",
  sagaId: "s",
  gathers: false,
  seeks: [],
  deferred: undefined,
};

describe("a lane", () => {
  it("a remainder shares its batch with what the batch before it has set off", async () => {
    const batches: number[] = [];
    let more = 3;
    const lane = new Lane<unknown>(systemEnvironment, 3, async (batch) => {
      batches.push(batch.length);
      for (const { completion } of batch) completion.done();
      return [];
    });
    const add = () => {
      const done = Promise.withResolvers<void>();
      const completion = { done: done.resolve, failed: done.reject };
      lane.add({ receipt, fields: {}, completion, run: () => {} });
      // The caller's next task comes some promises later.
      done.promise
        .then(() => {})
        .then(() => {})
        .then(() => {
          if (more-- > 0) add();
        });
    };
    for (let n = 0; n < 4; n++) add();
    await lane.idle();
    expect(batches).toEqual([3, 3, 1]);
  });

  it("goes on behind a batch whose handling itself fails, which gets the error", async () => {
    const failure = new Error("a defect of the handling");
    const seen: string[] = [];
    const task = (name: string): Task<unknown> => ({
      receipt,
      fields: {},
      completion: {
        done: () => seen.push(`${name} done`),
        failed: (error) => seen.push(`${name} ${error === failure ? "failed" : error}`),
      },
      run: () => {},
    });
    let fails = true;
    const lane = new Lane<unknown>(systemEnvironment, 2, async (batch) => {
      if (fails) throw failure;
      for (const { completion } of batch) completion.done();
      return [];
    });
    for (const name of ["a", "b"]) lane.add(task(name));
    await lane.idle();
    expect([lane.busy, lane.waiting]).toEqual([false, 0]);
    fails = false;
    lane.add(task("c"));
    await lane.idle();
    expect(seen).toEqual(["a failed", "b failed", "c done"]);
  });

  it("lets timers have their turn, although each task is followed by another at once", async () => {
    let now = 0;
    let fired = false;
    let handled = 0;
    setTimeout(() => (fired = true), 0);
    const task: Task<unknown> = {
      receipt,
      fields: {},
      completion: { done: () => {}, failed: () => {} },
      run: () => {},
    };
    const lane: Lane<unknown> = new Lane<unknown>({ now: () => now++ }, 1, async () => {
      handled++;
      if (!fired && handled < 1_000_000) lane.add(task);
      return [];
    });
    lane.add(task);
    await lane.idle();
    expect({ fired, early: handled < 1_000_000 }).toEqual({ fired: true, early: true });
  });
});

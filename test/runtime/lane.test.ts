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
  deferred: undefined,
};

describe("a lane", () => {
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
    const lane = new Lane<unknown>(2, async (batch) => {
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
});

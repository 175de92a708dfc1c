import { expect, it } from "vitest";
import { BacklogReport } from "../../src/runtime/backlog.ts";

/** A report over a bus that says what it is told to, on a clock that a test moves. */
function stage(tells = true) {
  let now = 1_000;
  let held: number | Error = 0;
  let due: (() => void) | undefined;
  const told: (readonly [number, number])[] = [];
  const report = new BacklogReport({
    environment: {
      now: () => now,
      random: () => 0.5,
      uuid: () => "an id",
      timer: (ms, done) => {
        if (ms === 2_000) due = done;
        return () => {};
      },
    },
    store: { putBacklog: async (...row) => void told.push(row) },
    membership: {
      tellsBacklog: tells,
      async backlog() {
        if (typeof held !== "number") throw held;
        return held;
      },
    },
  });
  const round = async (holds: number | Error) => {
    held = holds;
    now += 2_000;
    const run = due;
    due = undefined;
    run?.();
    // Promise callbacks alone are under way.
    await new Promise((resolve) => setImmediate(resolve));
    return told.splice(0);
  };
  report.start();
  return { report, round, asks: () => due !== undefined };
}

it("a bus is empty if it is so twice, as of the first time", async () => {
  const { round } = stage();
  expect(await round(0)).toEqual([]);
  expect(await round(0)).toEqual([[0, 2_000]]);
  expect(await round(3)).toEqual([[3, 0]]);
  expect(await round(0)).toEqual([]);
  expect(await round(0)).toEqual([[0, 2_000]]);
});

it("a bus that could not be asked was not empty in between", async () => {
  const { round } = stage();
  await round(0);
  expect(await round(new Error("away"))).toEqual([]);
  expect(await round(0)).toEqual([]);
  expect(await round(0)).toEqual([[0, 2_000]]);
});

it("a bus that cannot tell is not asked, and neither is one after the end", () => {
  expect(stage(false).asks()).toBe(false);
  const { report, asks } = stage();
  expect(asks()).toBe(true);
  report.stop();
});

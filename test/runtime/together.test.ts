import { expect, it } from "vitest";
import { runTogether } from "../../src/runtime/together.ts";
import { limits, readyFor, seated } from "./seats.ts";

it("a slow handler is out of its group in the turn in which the group looked at it", async () => {
  const seats = [true, false].map((touched) => ({ touched, contended: false, detached: false }));
  const result = await runTogether(
    seated(seats),
    [readyFor("ends", true), readyFor("waits", false)],
    limits,
  );
  // Before anything else runs: its statement could come now, and would commit with the group.
  expect(seats.map(({ detached }) => detached)).toEqual([false, true]);
  expect(result).toMatchObject({
    kept: true,
    companions: [{ task: { receipt: { sagaId: "ends" } } }],
    detached: [{ task: { receipt: { sagaId: "waits" } } }],
  });
});

it("those behind one that waits for a lock are not slow: they travel together again", async () => {
  const seats = [false, true, false].map((contended) => {
    return { touched: true, contended, detached: false };
  });
  const ready = ["before", "waits", "behind"].map((id) => readyFor(id, id === "before"));
  const result = await runTogether(seated(seats), ready, limits);
  expect(result).toMatchObject({
    kept: false,
    culprits: [],
    slow: [],
    contended: [{ task: { receipt: { sagaId: "waits" } } }],
    others: [
      { task: { receipt: { sagaId: "before" } } },
      { task: { receipt: { sagaId: "behind" } } },
    ],
  });
});

it("behind those that were answered, the first one that was not is not slow", async () => {
  const seats = [1, 2, 3].map(() => ({ touched: true, contended: false, detached: false }));
  const ready = ["done", "late", "behind"].map((id) => readyFor(id, id === "done"));
  const result = await runTogether(seated(seats), ready, limits);
  expect(result).toMatchObject({
    slow: [],
    others: [
      { task: { receipt: { sagaId: "done" } } },
      { task: { receipt: { sagaId: "behind" } } },
    ],
    overdue: { statements: 1, first: [{ task: { receipt: { sagaId: "late" } } }] },
  });
});

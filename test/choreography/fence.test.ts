import { describe, expect, it } from "vitest";
import {
  ACKNOWLEDGE,
  BARRED,
  DONE,
  JOIN,
  LATE,
  NONE,
  RUN,
  rulingOn,
  STEP,
  SUPPRESS,
  UNDO,
  UNDONE,
} from "../../src/choreography/fence.ts";

const RULINGS = new Map([
  [RUN, "runs"],
  [LATE, "is late"],
  [SUPPRESS, "is suppressed"],
  [ACKNOWLEDGE, "is acknowledged"],
]);

describe("the fence", () => {
  it.each([
    ["a step", STEP, "none", NONE, "runs"],
    ["a step", STEP, "done", DONE, "is suppressed"],
    ["a step", STEP, "undone", UNDONE, "is suppressed"],
    ["a step", STEP, "barred", BARRED, "is suppressed"],
    ["a step of two effects", STEP, "none and barred", NONE | BARRED, "is suppressed"],
    ["a step of two effects", STEP, "done and undone", DONE | UNDONE, "is suppressed"],
    ["a join", JOIN, "none", NONE, "runs"],
    ["a join", JOIN, "done", DONE, "is suppressed"],
    ["an undo", UNDO, "none", NONE, "is acknowledged"],
    ["an undo", UNDO, "done", DONE, "runs"],
    ["an undo", UNDO, "undone", UNDONE, "is suppressed"],
    ["an undo", UNDO, "barred", BARRED, "is suppressed"],
  ] as const)("%s (%i) whose mark is %s (%i) %s", (_what, kind, _state, marks, expected) => {
    const ruling = (taken: boolean, spent: boolean) =>
      RULINGS.get(rulingOn(kind, marks, taken, spent, false));
    expect(ruling(false, false)).toBe(expected);
    // What is suppressed is never late, and everything else is.
    const late = expected === "is suppressed" ? expected : "is late";
    expect([ruling(true, false), ruling(false, true), ruling(true, true)]).toEqual([
      late,
      late,
      late,
    ]);
  });

  it("a join that has fired is suppressed, and never late", () => {
    for (const taken of [false, true])
      for (const spent of [false, true])
        expect(rulingOn(JOIN, NONE, taken, spent, true)).toBe(SUPPRESS);
  });
});

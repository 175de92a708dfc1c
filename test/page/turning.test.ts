import { expect, it } from "vitest";
import { turningIn } from "../../page/screens/saga/turning.ts";
import type { Step } from "../../src/console/wire.ts";

const STEP: Omit<Step, "n" | "disposition"> = {
  ...{ service: "payment", reaction: "order.placed", eventId: "e", emitted: [], at: 0 },
  ...{ duplicates: 0, clockContradicts: false, undeclared: false },
};

/** Steps with their dispositions; each is caused by the one of its number, and may emit an end. */
function turned(
  rows: readonly (readonly [disposition: string, cause?: number, emits?: string])[],
  end?: string,
): readonly number[] {
  const steps = rows.map(([disposition, cause, type], n) => ({
    ...{ ...STEP, n, disposition, emitted: type === undefined ? [] : [{ id: `e-${n}`, type }] },
    ...(cause !== undefined && { cause }),
  }));
  return turningIn(steps, end).map(({ n }) => n);
}

it("a saga turns back at what had its effects undone", () => {
  expect(turned([["begun"], ["done", 0], ["refused", 1], ["undone", 2], ["undone", 3]])).toEqual([
    2,
  ]);
  expect(turned([["begun"], ["done", 0], ["parked", 1], ["undone", 2]])).toEqual([2]);
});

it("a refusal with which the saga went on is not where it turned back", () => {
  const steps = [["begun"], ["refused", 0], ["done", 1], ["refused", 2], ["undone", 3]] as const;
  expect(turned(steps)).toEqual([3]);
});

it("where nothing was to be undone, it turned back at its end", () => {
  const late = "order.late.v1";
  expect(turned([["begun"], ["done", 0], ["expired", 1, late]], late)).toEqual([2]);
  expect(turned([["begun"], ["refused", 0, "order.refused.v1"]], "order.refused.v1")).toEqual([1]);
});

import { describe, expect, it } from "vitest";
import { StateSet } from "../../src/check/states.ts";

/*
 * Two-phase commit after Lamport's TwoPhase.tla, driven by hand over the set of states that the
 * checker uses. For 3 resource managers TLC and Stateright count 288 states: 64 before the
 * decision, 8 after a commit, 216 after an abort.
 */

const WORKING = 0;
const PREPARED = 1;
const COMMITTED = 2;
const ABORTED = 3;

/**
 * Bytes: the manager's decision; then for each resource manager its state, whether it has said that
 * it is prepared, and whether that was heard.
 */
function successors(state: Uint8Array, managers: number): readonly Uint8Array[] {
  const next: Uint8Array[] = [];
  const change = (edit: (after: Uint8Array) => void) => {
    const after = state.slice();
    edit(after);
    next.push(after);
  };
  const decided = state[0] ?? 0;
  const all = Array.from({ length: managers }, (_, index) => 1 + index * 3);
  if (decided === 0 && all.every((at) => state[at + 2] === 1))
    change((after) => after.set([COMMITTED], 0));
  if (decided === 0) change((after) => after.set([ABORTED], 0));
  for (const at of all) {
    if (decided === 0 && state[at + 1] === 1) change((after) => after.set([1], at + 2));
    if (state[at] === WORKING) {
      change((after) => after.set([PREPARED, 1], at));
      change((after) => after.set([ABORTED], at));
    }
    if (decided === COMMITTED) change((after) => after.set([COMMITTED], at));
    if (decided === ABORTED) change((after) => after.set([ABORTED], at));
  }
  return next;
}

function count(managers: number): number {
  const size = Math.ceil((1 + managers * 3) / 4) * 4;
  const states = new StateSet(size);
  states.add(new Int32Array(size / 4), -1, 0, 0);
  const row = new Int32Array(size / 4);
  for (let at = 0; at < states.count; at++) {
    states.read(at, row);
    for (const state of successors(new Uint8Array(row.buffer.slice(0)), managers))
      states.add(new Int32Array(state.buffer), at, 0, 0);
  }
  return states.count;
}

describe("the set of states", () => {
  it.each([
    [1, 4 + 2 + 6],
    [2, 16 + 4 + 36],
    [3, 288],
    [5, 4 ** 5 + 2 ** 5 + 6 ** 5],
  ])("two-phase commit with %i resource managers has %i states", (managers, expected) => {
    expect(count(managers)).toBe(expected);
  });

  it("keeps where each state came from, through growth", () => {
    const states = new StateSet(8);
    const row = new Int32Array(2);
    for (let value = 0; value < 50_000; value++) {
      row.set([value, value * 7]);
      expect(states.add(row, value - 1, value % 5, value % 3)).toBe(true);
    }
    row.set([123, 861]);
    expect(states.add(row, 0, 0, 0)).toBe(false);
    states.read(49_999, row);
    expect([...row]).toEqual([49_999, 349_993]);
    expect(states.origin(49_999)).toEqual({ parent: 49_998, source: 4, choice: 1 });
  });
});

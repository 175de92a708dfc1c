import { describe, expect, it } from "vitest";
import { LaneWidth } from "../../src/runtime/lane-width.ts";
import { Pace } from "../../src/runtime/pace.ts";

const waiting = { inTurn: 20, begun: 20, contended: 0, crowded: false };
const times = (count: number, work: () => void) => Array.from({ length: count }, work);

describe("how many lanes work", () => {
  it("all of them, step by step, where handlers wait for the database", () => {
    const width = new LaneWidth(4);
    expect(width.lanes).toBe(1);
    times(64, () => width.committed(waiting));
    expect(width.lanes).toBe(2);
    times(64, () => width.committed(waiting));
    expect(width.lanes).toBe(4);
  });

  it("one, where handlers travel together", () => {
    const width = new LaneWidth(4);
    times(500, () => width.committed({ inTurn: 0, begun: 100, contended: 0, crowded: false }));
    expect(width.lanes).toBe(1);
  });

  it("all of them, where one waits for a lock of another session", () => {
    const width = new LaneWidth(4);
    const blocked = { inTurn: 0, begun: 10, contended: 1, crowded: false };
    times(8, () => width.committed(blocked));
    expect(width.lanes).toBe(4);
  });

  it("what a full group has not begun says nothing", () => {
    const width = new LaneWidth(4);
    times(200, () => width.committed(waiting));
    times(200, () => width.committed({ inTurn: 0, begun: 0, contended: 0, crowded: false }));
    expect(width.lanes).toBe(4);
  });

  it("half of them, ever longer, after one has waited for another", () => {
    const width = new LaneWidth(4);
    times(200, () => width.committed(waiting));
    width.committed({ ...waiting, contended: 1, crowded: true });
    expect(width.lanes).toBe(2);
    times(255, () => width.committed(waiting));
    expect(width.lanes).toBe(2);
    width.committed(waiting);
    expect(width.lanes).toBe(4);
  });
});

describe("how long lanes rest", () => {
  it("a hot moment is forgotten: each calm time halves the next rest", () => {
    const width = new LaneWidth(4);
    const grow = () => {
      let groups = 0;
      while (width.lanes < 4 && groups < 100_000) {
        width.committed(waiting);
        groups++;
      }
      return groups;
    };
    grow();
    times(3, () => width.committed({ ...waiting, contended: 1, crowded: true }));
    expect(width.lanes).toBe(1);
    // Two doublings, at 1,024 and at 512: the third meeting came when one lane was left.
    expect(grow()).toBe(1_024 + 512);
    times(20_000, () => width.committed(waiting));
    width.committed({ ...waiting, contended: 1, crowded: true });
    expect(grow()).toBe(256);
  });
});

describe("a reaction is slow", () => {
  it("after two slow runs, until sixteen quick ones by themselves", () => {
    const pace = new Pace();
    pace.slow("r");
    expect(pace.isSlow("r")).toBe(false);
    pace.slow("r");
    expect(pace.isSlow("r")).toBe(true);
    times(15, () => pace.ranAlone("r", { quick: true }));
    expect(pace.isSlow("r")).toBe(true);
    pace.ranAlone("r", { quick: true });
    expect(pace.isSlow("r")).toBe(false);
  });

  it("not after one in a hundred", () => {
    const pace = new Pace();
    times(5, () => {
      pace.slow("r");
      times(99, () => pace.ran("r", 2));
    });
    expect(pace.isSlow("r")).toBe(false);
  });
});

describe("how many handlers travel together", () => {
  it("as many as were answered in time, and from there one more at a time", () => {
    const pace = new Pace();
    times(3, () => pace.arrived());
    expect(pace.together).toBe(128);
    pace.overdue(20);
    expect(pace.together).toBe(10);
    times(3, () => pace.arrived());
    expect(pace.together).toBe(13);
  });

  it("twice as many each time after a failure, up to that number", () => {
    const pace = new Pace();
    pace.overdue(40);
    pace.stumbled("r");
    expect(pace.together).toBe(8);
    pace.arrived();
    expect(pace.together).toBe(16);
    times(2, () => pace.arrived());
    expect(pace.together).toBe(21);
  });
});

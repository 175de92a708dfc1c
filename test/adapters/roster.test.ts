import { describe, expect, it } from "vitest";
import { Roster, type SeenMember } from "../../src/adapter/roster.ts";

const PATIENCE = { silentMs: 400, freedMs: 200, freeMs: 800 };
const HOUR_MS = 3_600_000;

/** Looks at one member every 50 ms; returns how many looks it took to find it dead, 100 at most. */
function looksUntilDead(
  roster: Roster,
  change: Partial<SeenMember>,
  { from = 0, jump = 0, everyMs = 50 } = {},
): number {
  const member: SeenMember = { owner: "p", beat: 1, lock: "held", leaseMs: 400, ...change };
  for (let look = 1; look <= 100; look++) {
    const at = from + look * everyMs + (look > 2 ? jump : 0);
    if (roster.look([member], at, PATIENCE).length > 0) return look;
  }
  return Number.POSITIVE_INFINITY;
}

describe("a process that is watched", () => {
  it("is dead when it was silent for its lease, with any lock", () => {
    for (const lock of ["held", "unknown"] as const)
      expect(looksUntilDead(new Roster(), { lock })).toBe(9);
  });

  it("may be silent for its own lease where that is longer", () => {
    expect(looksUntilDead(new Roster(), { leaseMs: 800 })).toBe(17);
    expect(looksUntilDead(new Roster(), { leaseMs: 100 })).toBe(9);
  });

  it("is dead sooner when its lock was seen held and is free", () => {
    const roster = new Roster();
    expect(looksUntilDead(roster, { lock: "free", leaseMs: HOUR_MS })).toBe(17);
    const other = new Roster();
    other.look([{ owner: "p", beat: 1, lock: "held", leaseMs: HOUR_MS }], 0, PATIENCE);
    expect(looksUntilDead(other, { lock: "free", leaseMs: HOUR_MS })).toBe(5);
  });

  it("lives when its lock is held again", () => {
    const roster = new Roster();
    const member = { owner: "p", beat: 1, leaseMs: HOUR_MS } as const;
    for (let look = 0; look < 100; look++) {
      const lock = look % 4 === 0 ? "held" : "free";
      expect(roster.look([{ ...member, lock }], look * 50, PATIENCE)).toEqual([]);
    }
  });

  it("lives on a free lock after the watcher's own connection was lost", () => {
    const roster = new Roster();
    const member = { owner: "p", beat: 1, leaseMs: HOUR_MS } as const;
    roster.look([{ ...member, lock: "held" }], 0, PATIENCE);
    roster.look([{ ...member, lock: "free" }], 10, PATIENCE, true);
    const free = { lock: "free", leaseMs: HOUR_MS } as const;
    expect(looksUntilDead(roster, free)).toBe(Number.POSITIVE_INFINITY);
    // The server has not yet freed it: the connection may be lost all the same.
    roster.look([{ ...member, lock: "held" }], 0, PATIENCE);
    expect(looksUntilDead(roster, free)).toBe(Number.POSITIVE_INFINITY);
    roster.look([{ ...member, beat: 2, lock: "held" }], 0, PATIENCE);
    expect(looksUntilDead(roster, { ...free, beat: 2 })).toBe(5);
  });

  it("has held its lock when it has beaten, also after it was seen free", () => {
    const roster = new Roster();
    const member = { owner: "p", leaseMs: HOUR_MS } as const;
    roster.look([{ ...member, beat: 1, lock: "held" }], 0, PATIENCE);
    for (const at of [50, 100, 150])
      roster.look([{ ...member, beat: 1, lock: "free" }], at, PATIENCE);
    const free = { beat: 2, lock: "free", leaseMs: HOUR_MS } as const;
    expect(looksUntilDead(roster, free, { from: HOUR_MS })).toBe(5);
  });

  it("a beat from before the watcher's loss does not tell that a process has connected", () => {
    const roster = new Roster();
    const member = { owner: "p", leaseMs: HOUR_MS } as const;
    roster.look([{ ...member, beat: 1, lock: "held" }], 0, PATIENCE);
    roster.look([{ ...member, beat: 2, lock: "held" }], 10, PATIENCE, true);
    expect(looksUntilDead(roster, { beat: 2, lock: "free", leaseMs: HOUR_MS })).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it("clock-steps-back: a step of the clock counts as one look, in either direction", () => {
    expect(looksUntilDead(new Roster(), {}, { jump: HOUR_MS })).toBe(8);
    expect(looksUntilDead(new Roster(), {}, { from: HOUR_MS, jump: -HOUR_MS })).toBe(10);
  });

  it("time in which nothing was watched counts as one look", () => {
    expect(looksUntilDead(new Roster(), {}, { everyMs: HOUR_MS })).toBe(5);
  });
});

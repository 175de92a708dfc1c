import { describe, expect, it } from "vitest";
import { type Bounds, Offsets } from "../../src/adapters/kafka/offsets.ts";

const at = { topic: "t", partition: 0 };

/** A member that has received these offsets, in this order. */
function received(...offsets: readonly bigint[]): Offsets {
  const member = new Offsets();
  for (const offset of offsets) member.take({ ...at, offset });
  return member;
}

const bounds = (oldest: bigint, place: bigint, member: Bounds["member"] = "idle") => ({
  oldest,
  place,
  member,
});

describe("records that were deleted before a Kafka group heard them", () => {
  it("are counted at once by a new member, and not without a place of the group", () => {
    expect(new Offsets().forgotten(at, bounds(6n, 1n, "new"))).toBe(5n);
    expect(new Offsets().forgotten(at, bounds(6n, -1n, "new"))).toBe(0n);
    expect(new Offsets().forgotten(at, bounds(6n, 6n, "new"))).toBe(0n);
  });

  it("are counted by the second check that finds them so, once", () => {
    const member = received(0n, 1n);
    const looks = () => member.forgotten(at, bounds(10n, 1n));
    expect([looks(), looks(), looks()]).toEqual([0n, 8n, 0n]);
  });

  it("are not counted while they may be in memory, or still arrive", () => {
    const member = received(0n, 1n);
    expect(member.forgotten(at, bounds(10n, 1n, "busy"))).toBe(0n);
    expect(member.forgotten(at, bounds(10n, 1n))).toBe(0n);
    member.take({ ...at, offset: 2n });
    expect(member.forgotten(at, bounds(10n, 1n))).toBe(0n);
  });

  it("are the gap before the record with which the log now begins", () => {
    const member = received(0n, 1n, 10n, 11n);
    expect(member.forgotten(at, bounds(10n, 1n, "busy"))).toBe(8n);
    expect(member.forgotten(at, bounds(10n, 1n, "busy"))).toBe(0n);
  });

  it("are not a gap that the log still has: the marker of a transaction", () => {
    expect(received(0n, 1n, 3n).forgotten(at, bounds(0n, 1n, "busy"))).toBe(0n);
  });

  it("are not what another member has had meanwhile", () => {
    const member = received(0n, 1n);
    member.rejoined();
    member.take({ ...at, offset: 10n });
    expect(member.forgotten(at, bounds(10n, 10n))).toBe(0n);
    member.rejoined();
    const looks = () => member.forgotten(at, bounds(20n, 20n));
    expect([looks(), looks()]).toEqual([0n, 0n]);
  });

  it("lead no later commit back to them", () => {
    const member = received(0n, 1n, 10n);
    expect(member.forgotten(at, bounds(10n, 0n, "busy"))).toBe(8n);
    for (const offset of [0n, 1n]) member.finish({ ...at, offset });
    expect(member.toCommit()).toEqual([]);
    member.finish({ ...at, offset: 10n });
    expect(member.toCommit()).toEqual([{ ...at, offset: 11n }]);
  });
});

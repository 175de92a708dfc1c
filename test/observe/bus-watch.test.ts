import { ClockOffsets } from "odori/observe";
import { describe, expect, it } from "vitest";
import { hasPassed } from "../../src/observe/reach.ts";
import { empty, Place, passedCases } from "./passed.ts";

passedCases({ describe, it });

it("an event is suspected that is older than the emptiness of its bus", async () => {
  const place = new Place();
  place.counts.payment = empty(50);
  await place.look();
  const suspected = (ms: number) =>
    hasPassed(place.watch.suspicion, "order", "payment", place.ago(ms));
  expect([suspected(100), suspected(20)]).toEqual([true, false]);
  place.counts.payment = {};
  await place.look();
  expect(suspected(100), "the bus does not tell").toBe(false);
});

describe("clock-offset-estimated", () => {
  it("the shortest exchange says best how far a clock is", () => {
    const clocks = new ClockOffsets();
    clocks.add("payment", 10_000, { asked: 0, answered: 4_000 });
    expect(clocks.of("payment")).toEqual({ ms: 8_000, errorMs: 2_000 });
    clocks.add("payment", 15_010, { asked: 10_000, answered: 10_020 });
    expect(clocks.of("payment")).toEqual({ ms: 5_000, errorMs: 10 });
    expect([...clocks.far]).toEqual([["payment", 5_000]]);
  });

  it("a clock is far only beyond the doubt, and old exchanges are forgotten", () => {
    const clocks = new ClockOffsets();
    clocks.add("payment", 3_500, { asked: 0, answered: 4_000 });
    expect([...clocks.far]).toEqual([]);
    clocks.add("order", 5_000, { asked: 0, answered: 0 });
    for (let n = 0; n < 16; n++) clocks.add("order", 2, { asked: 0, answered: 4 });
    expect(clocks.of("order")).toEqual({ ms: 0, errorMs: 2 });
    clocks.add("http", undefined, { asked: 0, answered: 1 });
    expect(clocks.of("http")).toBeUndefined();
  });
});

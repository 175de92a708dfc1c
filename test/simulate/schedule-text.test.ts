import fc from "fast-check";
import { simulate, standIn } from "odori/simulate";
import { expect, it } from "vitest";
import { readSchedule, scheduleText } from "../../src/simulate/schedule-text.ts";
import { findingOf } from "./finding-of.ts";
import { shopWith } from "./shop.ts";

const departure = fc.record({
  site: fc.string({ unit: "binary", minLength: 1 }).map((name) => `answer ${name}`),
  index: fc.nat(999_999_999),
  value: fc.integer({ min: 1, max: 2 ** 31 }),
});

it("every schedule is read as it was written, with any name of another system", () => {
  fc.assert(
    fc.property(fc.array(departure, { maxLength: 5 }), (schedule) => {
      const text = scheduleText(schedule);
      expect(readSchedule(text)).toEqual(schedule);
      // It stands between double quotes in the line that repeats a run.
      expect(text).not.toMatch(/["$`\\!\n]/);
    }),
  );
});

it.each(["bank, EU", "bank#1", 'the "bank"=50%'])("a run repeats that needs %s", async (name) => {
  const charged: string[] = [];
  const { choreography, options } = shopWith(
    (orderId) => standIn(name, () => charged.push(orderId)),
    {
      reset: () => charged.splice(0),
      holds: ({ sagas }) => expect(charged).toHaveLength(sagas.size),
    },
  );
  const seeded = await findingOf(simulate(choreography, { ...options, seeds: 500 }));
  const lost = `answer ${name}`;
  const schedule = scheduleText([{ site: lost, index: 0, value: 2 }]);
  for (const replay of [seeded.schedule, schedule]) {
    const again = await findingOf(simulate(choreography, { ...options, replay }));
    expect(again.findings).toMatchObject([{ code: "INVARIANT" }]);
  }
});

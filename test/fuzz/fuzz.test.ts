import fc, { type GeneratorValue } from "fast-check";
import { describe, expect, it } from "vitest";
import { SEED } from "../support/seed.ts";
import { Fuzz } from "./fuzz.ts";
import { type Random, seeded } from "./random.ts";

/* A few thousand of what `npm run fuzz` does by the million. */

const MORE = 10 * SEED;

function drawn(draw: GeneratorValue): Random {
  return { below: (count) => draw(fc.nat, { max: count - 1 }) };
}

describe("messages that are broken in many ways, at the edge of each adapter", () => {
  it.each([1, 2, MORE])("become an event or a malformed message: seed %d", (seed) => {
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const fuzz = new Fuzz();
        fuzz.step(drawn(draw));
        expect(fuzz.faults).toEqual([]);
      }),
      { seed, numRuns: 1_000 },
    );
  });

  it.each([3, MORE + 1])("each has an identity of its own: seed %d", (seed) => {
    const fuzz = new Fuzz();
    const random = seeded(seed);
    while (fuzz.decodes < 5_000) fuzz.step(random);
    expect(fuzz.faults).toEqual([]);
    expect(fuzz.events).toBeGreaterThan(500);
  });
});

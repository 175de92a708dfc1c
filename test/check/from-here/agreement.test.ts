import { expect, it } from "vitest";
import { SEED } from "../../support/seed.ts";
import { agreeOn } from "./agreement.ts";

/** `ODORI_OUTLOOKS=20000` compares as many random choreographies, which takes a while. */
const RUNS = Number(process.env.ODORI_OUTLOOKS ?? 80);

it("at each moment of a random saga, what may happen is what the plain interpreter says", {
  timeout: 600_000 + RUNS * 1_000,
}, () => {
  const { choreographies, moments, untold, keyed, disagreements } = agreeOn(RUNS, SEED);
  console.info(
    `${choreographies} choreographies, ${moments} moments (${untold} untold, ${keyed} keyed)`,
  );
  expect(disagreements).toEqual([]);
  // Most moments are compared exactly.
  expect(untold + keyed).toBeLessThan(moments / 2);
  expect(moments).toBeGreaterThan(RUNS);
});

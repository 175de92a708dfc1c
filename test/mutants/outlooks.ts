import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import { agreeOn } from "../check/from-here/agreement.ts";

/** Random sagas, the same in every run. */
const SAGAS = 150;
/**
 * Seeds of sagas that meet what is rare: a pivot, a beginning that no service has heard of, a
 * delivery behind a parked one, two of a kind, a lock, a reaction that runs twice.
 */
const RARE = [193, 266, 272, 381, 472, 570, 6_840];

/** What the journals of sagas say that can still happen. */
export function outlookScenarios({ it }: Runner): void {
  it("the outlook of a saga is what the plain interpreter says", async () => {
    assert.deepEqual(agreeOn(SAGAS, 1).disagreements.slice(0, 1), []);
    for (const seed of RARE) assert.deepEqual(agreeOn(1, seed).disagreements.slice(0, 1), []);
  });
}

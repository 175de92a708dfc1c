import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import { agreeOn } from "../check/from-here/agreement.ts";

/** Random sagas, the same in every run. */
const SAGAS = 250;

/** What the journals of sagas say that can still happen. */
export function outlookScenarios({ it }: Runner): void {
  it("the outlook of a saga is what the plain interpreter says", async () => {
    assert.deepEqual(agreeOn(SAGAS, 1).disagreements.slice(0, 1), []);
  });
}

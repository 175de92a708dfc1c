import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import { checkRolling } from "../../src/check/rolling/check-rolling.ts";
import { DEPLOYMENTS, paying, shop } from "../check/rolling-cases.ts";

/** Deployments, with what the checker says of them. */
export function proofScenarios({ it }: Runner): void {
  for (const { name, old, now, service, rollback = false, codes } of DEPLOYMENTS) {
    it(name, async () => {
      const { findings } = checkRolling(old, now, { services: [service], rollback });
      const errors = findings.filter(({ severity }) => severity === "error");
      assert.deepEqual([...new Set(errors.map(({ code }) => code))].sort(), codes);
    });
  }

  it("a safe order is found", async () => {
    const old = shop(paying("v1"), "payment.authorized.v1");
    const now = shop(paying("v2"), "payment.authorized.v1", "payment.authorized.v2");
    assert.deepEqual(checkRolling(old, now).order?.safe, ["stock", "payment"]);
  });
}

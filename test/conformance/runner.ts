import { OPTIONAL, type Optional, type Runner } from "odori/conformance";
import { describe, it } from "vitest";

/**
 * Vitest for the suites. A test may be skipped only for a promise that this adapter is known not to
 * make; any other skip fails.
 */
export function runnerOf(without: readonly Optional[] = []): Runner {
  const accepted = without.map((name): string => OPTIONAL[name]);
  return {
    describe,
    it: (name, test) =>
      it(name, (context) =>
        test({
          skip(reason) {
            if (!accepted.includes(reason)) throw new Error(`An undeclared skip: ${reason}`);
            context.skip(reason);
          },
        }),
      ),
  };
}

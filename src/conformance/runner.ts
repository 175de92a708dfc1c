/**
 * The part of a test runner that the suites need. `describe` and `it` of vitest and `node:test` fit
 * as they are.
 *
 * A runner that calls tests without a context, such as mocha or jest, needs a wrapper that reports
 * skips its own way:
 *
 * @example
 * ```ts
 * import type { Runner } from "odori/conformance";
 * import { describe, it } from "vitest";
 *
 * const runner: Runner = {
 *   describe,
 *   it: (name, test) =>
 *     it(name, () => test({ skip: (reason) => console.warn(`${name}: skipped, ${reason}`) })),
 * };
 * ```
 */
export interface Runner {
  describe(name: string, suite: () => void): void;
  it(name: string, test: (context: TestContext) => Promise<void>): void;
}

/** What a running test may tell its runner. */
export interface TestContext {
  /** Reports the test as skipped, with the reason. May throw to end the test. */
  skip(reason: string): void;
}

/**
 * The promises that an adapter may go without, each with the reason that the runner reports for
 * the tests that are then skipped. The suites skip for no other reason.
 *
 * - `order`      the bus declares `guarantees.order` as `"none"`
 * - `backlog`    a subscription has no `backlog`, or the store no `putBacklog`
 * - `concurrent` the store's fixture declares `concurrent` as false
 */
export const OPTIONAL = {
  order: 'the bus does not promise order: guarantees.order is "none"',
  backlog: "the adapter does not tell what the bus holds: it has no backlog, or no putBacklog",
  concurrent: "transactions of the store do not run side by side: concurrent is false",
} as const;

/** The name of a promise in `OPTIONAL`. */
export type Optional = keyof typeof OPTIONAL;

/** Waits until `done` holds, polling; fails with `what` after `limitMs`. */
export async function eventually(
  what: string,
  done: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const until = performance.now() + limitMs;
  while (!(await done())) {
    if (performance.now() > until)
      throw new Error(`It did not happen within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Makes a promise, and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

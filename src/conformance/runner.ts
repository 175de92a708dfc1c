/** The part of a test runner that the suites need: `node:test`, vitest, jest and mocha have it. */
export interface Runner {
  describe(name: string, suite: () => void): void;
  it(name: string, test: () => Promise<void>): void;
}

/** Waits until `done` holds, looking again and again; fails with `what` after `limitMs`. */
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

/** A promise that is settled from outside. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

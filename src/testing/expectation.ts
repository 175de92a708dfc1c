import { inspect, isDeepStrictEqual } from "node:util";
import { OdoriError } from "../contract/errors.ts";

/**
 * A saga in a test is not as the test expects: `EXPECTATION_UNMET`. Test runners show how `actual`
 * differs from `expected`.
 *
 * @example
 * ```ts
 * import { ExpectationError } from "odori/testing";
 *
 * const report = (error: unknown) =>
 *   error instanceof ExpectationError && console.log(error.actual, error.expected);
 * ```
 */
export class ExpectationError extends OdoriError {
  override readonly name = "ExpectationError";
  readonly actual: unknown;
  readonly expected: unknown;

  constructor(message: string, actual: unknown, expected: unknown) {
    super("EXPECTATION_UNMET", message);
    this.actual = actual;
    this.expected = expected;
  }
}

/** Throws an `ExpectationError` with the picture of the saga, unless both are equal. */
export async function expectEqual(
  what: string,
  { actual, expected }: { readonly actual: unknown; readonly expected: unknown },
  picture: () => Promise<string>,
): Promise<void> {
  if (isDeepStrictEqual(actual, expected)) return;
  const lines = [`${what}: expected ${shown(expected)}, and it is ${shown(actual)}.`];
  throw new ExpectationError(`${lines}\n\n${await picture()}\n`, actual, expected);
}

const shown = (value: unknown): string => inspect(value, { depth: 6, breakLength: 100 });

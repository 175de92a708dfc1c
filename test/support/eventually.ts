import { inspect, isDeepStrictEqual } from "node:util";

const LIMIT_MS = 20_000;
const PAUSE_MAX_MS = 20;
const SHOWN_MAX = 500;

/**
 * Waits until `look` returns `wanted`: a value that it equals, or a predicate that holds for it.
 * Returns the value that was seen last. A look that rejects counts as not yet.
 *
 * @param what the condition in words, for the message of the failure
 * @param wanted true, where `look` returns a boolean
 * @param limitMs after how long it fails; only a failing test takes that long
 * @throws Error, which says what was seen last
 * @example await eventually("both are emitted", () => stage.emitted.length, 2);
 */
export function eventually(what: string, look: () => boolean | Promise<boolean>): Promise<boolean>;
export function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  wanted: NoInfer<T> | ((seen: T) => boolean),
  limitMs?: number,
): Promise<T>;
export async function eventually(
  what: string,
  look: () => unknown,
  wanted: unknown = true,
  limitMs = LIMIT_MS,
): Promise<unknown> {
  const holds =
    typeof wanted === "function"
      ? (seen: unknown) => wanted(seen) === true
      : (seen: unknown) => isDeepStrictEqual(seen, wanted);
  const ends = performance.now() + limitMs;
  for (let looks = 1; ; looks++) {
    let last: string;
    let cause: unknown;
    try {
      const seen = await look();
      if (holds(seen)) return seen;
      last = inspect(seen, { depth: 4, breakLength: 80 });
    } catch (error) {
      cause = error;
      last = String(error);
    }
    if (performance.now() > ends)
      throw new Error(
        `It did not happen within ${limitMs} ms: ${what}. Seen last: ${last.slice(0, SHOWN_MAX)}`,
        { cause },
      );
    // The pauses grow: a process that is waited for needs the processor more than this one.
    await new Promise((resolve) => setTimeout(resolve, Math.min(looks, PAUSE_MAX_MS)));
  }
}

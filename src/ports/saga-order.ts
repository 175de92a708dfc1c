import type { SagaPlace } from "./inspection.ts";

/**
 * Compares two places: negative if `a` comes before `b`. Ids are compared by their bytes, as
 * databases do; JavaScript compares UTF-16.
 *
 * @example
 * ```ts
 * import { comparePlaces } from "odori/adapter";
 *
 * const places = [{ born: 2, sagaId: "b" }, { born: 1, sagaId: "a" }].sort(comparePlaces);
 * ```
 */
export function comparePlaces(a: SagaPlace, b: SagaPlace): number {
  if (a.born !== b.born) return a.born - b.born;
  if (a.sagaId === b.sagaId) return 0;
  return Buffer.compare(Buffer.from(a.sagaId), Buffer.from(b.sagaId));
}

/** Behind every saga: where a list begins. */
export const BEHIND_ALL: SagaPlace = { born: Number.MAX_SAFE_INTEGER, sagaId: "" };

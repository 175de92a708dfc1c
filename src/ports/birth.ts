const TIMED = /^([0-9a-f]{8})-([0-9a-f]{4})-[78]/;
const EARLIEST = Date.UTC(2020, 0, 1);
/** How far the clock of another machine may be ahead, in milliseconds. */
const AHEAD_MAX_MS = 24 * 3_600_000;

/**
 * Reads when a saga began out of the id of one of its events: the first 48 bits of a UUID of
 * version 7 or 8, in milliseconds since 1970. Undefined for an id without a plausible time.
 *
 * @param now Milliseconds since 1970.
 *
 * @example
 * ```ts
 * import { birthIn } from "odori/adapter";
 *
 * const born = birthIn("019b1a2b-3c4d-7000-8000-000000000000", Date.now()) ?? Date.now();
 * ```
 */
export function birthIn(id: string, now: number): number | undefined {
  const found = TIMED.exec(id);
  if (found === null) return undefined;
  const time = Number.parseInt(`${found[1]}${found[2]}`, 16);
  return time >= EARLIEST && time <= now + AHEAD_MAX_MS ? time : undefined;
}

/** Returns the first two groups of a UUID that carries this time, in milliseconds since 1970. */
export function timeGroups(time: number): string {
  const hex = time.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}`;
}

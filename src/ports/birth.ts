/** The hexadecimal digits of a byte: a number as large as a time is printed slowly. */
const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
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
  const version = id[14];
  if ((version !== "7" && version !== "8") || id[8] !== "-" || id[13] !== "-") return undefined;
  // NaN for other characters, which is not a time.
  const time = hexIn(id, 0, 8) * 2 ** 16 + hexIn(id, 9, 13);
  return time >= EARLIEST && time <= now + AHEAD_MAX_MS ? time : undefined;
}

/** Returns the first two groups of a UUID that carries this time, in milliseconds since 1970. */
export function timeGroups(time: number): string {
  const high = Math.floor(time / 2 ** 16);
  const low = time % 2 ** 16;
  return `${word(high >>> 16)}${word(high & 0xffff)}-${word(low)}`;
}

/** Four digits. */
function word(value: number): string {
  return `${BYTES[value >>> 8]}${BYTES[value & 0xff]}`;
}

/** Reads digits in small letters; NaN where there are others. A regular expression takes longer. */
function hexIn(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    const digit = code < 58 ? code - 48 : code - 87;
    if (!(digit >= 0 && digit < 16) || (code >= 58 && digit < 10)) return Number.NaN;
    value = value * 16 + digit;
  }
  return value;
}

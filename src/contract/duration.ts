import { OdoriError } from "./errors.ts";
import { quote } from "./grammar.ts";

/**
 * A span of time: milliseconds as a number; `"500ms"`, `"30s"`, `"15m"`, `"2h"` or `"7d"`; or ISO
 * 8601 in days and smaller units, such as `"PT15M"`.
 *
 * @example
 * ```ts
 * import type { Duration } from "odori";
 *
 * const durations: readonly Duration[] = [500, "30s", "PT15M"];
 * ```
 */
export type Duration = number | string;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SHORT = /^(\d{1,15})(ms|s|m|h|d)$/;
// ISO 8601 without years, months and weeks, whose length depends on the calendar.
const ISO = /^P(?:(\d{1,6})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?$/;
/** Ten years: a longer duration is a mistake in its unit. */
const DURATION_MAX_MS = 3_653 * UNIT_MS.d;

/**
 * Returns the duration in whole milliseconds. Throws `DURATION_INVALID` where it is unreadable, not
 * positive, or longer than ten years.
 */
export function parseDuration(duration: Duration): number {
  const ms = typeof duration === "number" ? duration : parseText(duration);
  if (Number.isSafeInteger(ms) && ms > 0 && ms <= DURATION_MAX_MS) return ms;
  throw new OdoriError("DURATION_INVALID", `${quote(duration)} is not a duration.`, {
    hint:
      'Write "500ms", "30s", "15m", "2h", "7d", "PT15M", or whole milliseconds; ' +
      "more than zero and at most ten years.",
  });
}

/** Writes milliseconds as ISO 8601, in days and smaller units: `PT15M`. */
export function formatDuration(ms: number): string {
  const { d, h, m, s } = UNIT_MS;
  const days = Math.floor(ms / d);
  const hours = Math.floor((ms % d) / h);
  const minutes = Math.floor((ms % h) / m);
  const seconds = (ms % m) / s;
  const part = (count: number, unit: string) => (count > 0 ? `${count}${unit}` : "");
  const time = `${part(hours, "H")}${part(minutes, "M")}${part(seconds, "S")}`;
  return `P${part(days, "D")}${time === "" ? "" : `T${time}`}`;
}

function parseText(text: string): number {
  const short = SHORT.exec(text);
  if (short !== null) return Number(short[1]) * UNIT_MS[toUnit(short[2])];
  const iso = ISO.exec(text);
  if (iso === null) return Number.NaN;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = iso;
  return (
    Number(days) * UNIT_MS.d +
    Number(hours) * UNIT_MS.h +
    Number(minutes) * UNIT_MS.m +
    Math.round(Number(seconds) * UNIT_MS.s)
  );
}

function toUnit(text: string | undefined): keyof typeof UNIT_MS {
  return text === "ms" || text === "s" || text === "m" || text === "h" ? text : "d";
}

const UNITS = [
  ["d", 86_400_000] as const,
  ["h", 3_600_000] as const,
  ["min", 60_000] as const,
  ["s", 1_000] as const,
];

/** Formats milliseconds as a whole number of the largest unit that fits: `15 min`, `90 s`. */
export function spanOf(ms: number): string {
  const unit = UNITS.find(([, size]) => ms % size === 0);
  return unit === undefined ? `${ms} ms` : `${ms / unit[1]} ${unit[0]}`;
}

/** In milliseconds a longer span is hard to read. */
const EXACT_MAX_MS = 10_000;

/** Formats a time since a beginning: `+12 ms`, `+59.9 s`, `+2 min 31 s`, `-59.9 s`. */
export function sinceBeginning(ms: number): string {
  const sign = ms < 0 ? "-" : "+";
  const span = Math.abs(ms);
  if (span < EXACT_MAX_MS) return `${sign}${span} ms`;
  // What is rounded is shown in the unit that it then has: never 60 s.
  if (span < 59_950) return `${sign}${(span / 1_000).toFixed(1)} s`;
  let left = Math.round(span / 1_000) * 1_000;
  const parts = UNITS.flatMap(([unit, size]) => {
    const whole = Math.floor(left / size);
    left -= whole * size;
    return whole === 0 ? [] : [`${whole} ${unit}`];
  });
  return `${sign}${parts.slice(0, 2).join(" ")}`;
}

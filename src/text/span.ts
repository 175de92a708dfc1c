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

const UNITS = [
  ["d", 86_400_000] as const,
  ["h", 3_600_000] as const,
  ["min", 60_000] as const,
  ["s", 1_000] as const,
];

/** `15 min`: a time span in the largest unit that it is a whole number of. */
export function spanOf(ms: number): string {
  const unit = UNITS.find(([, size]) => ms % size === 0);
  return unit === undefined ? `${ms} ms` : `${ms / unit[1]} ${unit[0]}`;
}

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** Writes a span of milliseconds in its largest unit: `3 min`. */
export function agoText(ms: number): string {
  const [size, unit] = UNITS.find(([least]) => ms >= least) ?? [1, "ms"];
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`;
}

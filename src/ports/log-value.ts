import { messageOf } from "../contract/errors.ts";

/** Bounds of one log field: deeper, longer and wider values are cut. */
const LOG_DEPTH_MAX = 6;
const ITEMS_MAX = 100;
const STRING_MAX_CHARS = 8_000;

/**
 * Turns any value into one that `JSON.stringify` writes: errors with their causes, without
 * circles, bounded in depth and size. Never throws, even if one of its getters does.
 */
export function toLogValue(value: unknown): unknown {
  return plain(value, 0, []);
}

function plain(value: unknown, depth: number, above: readonly object[]): unknown {
  try {
    if (typeof value === "string") return value.slice(0, STRING_MAX_CHARS);
    if (typeof value === "bigint") return String(value);
    if (typeof value !== "object" || value === null)
      return typeof value === "function" || typeof value === "symbol" ? undefined : value;
    if (above.includes(value)) return "[circular]";
    if (depth >= LOG_DEPTH_MAX) return "[deep]";
    const within = [...above, value];
    if (Array.isArray(value))
      return value.slice(0, ITEMS_MAX).map((item) => plain(item, depth + 1, within));
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value;
    const entries = value instanceof Error ? errorEntries(value) : Object.entries(value);
    return Object.fromEntries(
      entries.slice(0, ITEMS_MAX).map(([key, item]) => [key, plain(item, depth + 1, within)]),
    );
  } catch {
    return "[unreadable]";
  }
}

function errorEntries(error: Error): readonly (readonly [string, unknown])[] {
  return [
    ["name", error.name],
    ["code", "code" in error ? error.code : undefined],
    ["message", messageOf(error)],
    ["docs", "docs" in error ? error.docs : undefined],
    ["stack", error.stack],
    ["cause", error.cause],
  ];
}

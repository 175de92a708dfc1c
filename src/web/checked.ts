import { TEXT_MAX_CHARS } from "./source-limits.ts";

/* Reads values that another program has sent. Each throws a `TypeError` for what it does not take. */

export function recordIn(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("not an object");
  return { ...value };
}

export function textIn(value: unknown, most = TEXT_MAX_CHARS): string {
  if (typeof value === "string" && value.length <= most) return value;
  throw new TypeError("not a text, or a long one");
}

export function optionalText(value: unknown, most?: number): string | undefined {
  return value === undefined || value === null ? undefined : textIn(value, most);
}

/** A number that is not negative, and whole. */
export function wholeIn(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError("not a whole number");
}

/** A time in milliseconds. */
export function timeIn(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new TypeError("not a time");
}

export function numberIn(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError("not a number");
}

export function truthIn(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError("neither true nor false");
}

export function oneOf<const T extends string>(value: unknown, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new TypeError("not one of the known words");
  return found;
}

/** A list of at most some entries. */
export function listIn<T>(value: unknown, most: number, read: (entry: unknown) => T): readonly T[] {
  if (!Array.isArray(value) || value.length > most)
    throw new TypeError("not a list, or a long one");
  return value.map(read);
}

export function textsIn(value: unknown, most: number): readonly string[] {
  return listIn(value, most, (entry) => textIn(entry));
}

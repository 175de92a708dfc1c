import { GIVEN_TEXT_MAX } from "./source-limits.ts";

/* Reads values of another program. Each throws a `TypeError` for what it does not take. */

export function givenRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("not an object");
  return { ...value };
}

export function givenText(value: unknown, most = GIVEN_TEXT_MAX): string {
  if (typeof value === "string" && value.length <= most) return value;
  throw new TypeError("not a text, or a long one");
}

export function givenOptional(value: unknown, most?: number): string | undefined {
  return value === undefined || value === null ? undefined : givenText(value, most);
}

/** A number that is not negative, and whole. */
export function givenWhole(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError("not a whole number");
}

/** A time in milliseconds. */
export function givenTime(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new TypeError("not a time");
}

export function givenNumber(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError("not a number");
}

export function givenTruth(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError("neither true nor false");
}

export function givenWord<const T extends string>(value: unknown, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new TypeError("not one of the known words");
  return found;
}

/** A list of at most some entries. */
export function givenList<T>(
  value: unknown,
  most: number,
  read: (entry: unknown) => T,
): readonly T[] {
  if (!Array.isArray(value) || value.length > most)
    throw new TypeError("not a list, or a long one");
  return value.map(read);
}

export function givenTexts(value: unknown, most: number): readonly string[] {
  return givenList(value, most, (entry) => givenText(entry));
}

import { once, pick, type Random } from "./random.ts";

/* JSON as text, so that it can say what no value of JavaScript says. */

const KEYS = [
  "orderId",
  "__proto__",
  "constructor",
  "toString",
  "prototype",
  "",
  "a\u0000b",
  "\ud800",
  "data",
] as const;

const NUMBERS = [
  "1",
  "-0",
  "1.50",
  "9007199254740993",
  "0.1",
  "0.10000000000000001",
  "1e400",
  "-1e-400",
  "1e999999999999",
  "123456789012345678.9",
  "01",
  "1.",
  "+1",
  "NaN",
  "Infinity",
  "0x10",
] as const;

const TEXTS = [
  '""',
  '"o-1"',
  '"\\u0000"',
  '"\\ud800"',
  '"\\ud83d\\ude00"',
  '"\ufeff"',
  '"\u2028\u202e"',
  '"\\x"',
  '"unended',
  '"\u0001"',
  '"%00%ff%"',
  "'o'",
] as const;

const LONG = [40, 300, 5_000, 14_000] as const;

/** A string in JSON, often an odd one. */
export function jsonString(random: Random): string {
  if (once(random, 2)) return '"o-1"';
  if (once(random, 500)) return JSON.stringify('x\\"é😀'.repeat(pick(random, LONG)));
  if (once(random, 4)) return JSON.stringify(pick(random, KEYS));
  return pick(random, TEXTS);
}

function jsonNumber(random: Random): string {
  if (once(random, 100)) {
    const digits = `${1 + random.below(9)}`.repeat(pick(random, LONG));
    return pick(random, [digits, `0.${digits}`, `${digits}e-${digits.length}`, `1e${digits}`]);
  }
  return pick(random, NUMBERS);
}

/** A value in JSON, of some depth. */
export function jsonValue(random: Random, depth = 0): string {
  const kind = random.below(depth > 4 ? 5 : 8);
  if (kind === 0) return pick(random, ["null", "true", "false", "undefined", ""]);
  if (kind <= 2) return jsonNumber(random);
  if (kind <= 4) return jsonString(random);
  if (kind === 5) {
    if (!once(random, 30)) return `[${some(random, () => jsonValue(random, depth + 1))}]`;
    const levels = pick(random, [31, 32, 33, 1_000, 15_000]);
    const [open, close] = pick(random, [["[", "]"] as const, ['{"a":', "}"] as const]);
    return `${open.repeat(levels)}1${once(random, 4) ? "" : close.repeat(levels)}`;
  }
  return jsonObject(
    some(random, () => [jsonString(random), jsonValue(random, depth + 1)] as const),
  );
}

export function jsonObject(members: readonly (readonly [key: string, value: string])[]): string {
  return `{${members.map(([key, value]) => `${key}:${value}`).join(",")}}`;
}

function some<T>(random: Random, make: () => T): readonly T[] {
  return Array.from({ length: random.below(4) }, make);
}

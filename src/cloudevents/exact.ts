import { OdoriError } from "../contract/errors.ts";

/** A number token that a double may not hold: 16 digits or more, or an exponent. */
const SUSPICIOUS = /(?:^|[[:,\s])-?(?:[\d.]{16,}|[\d.]+[eE])/;

/** What a reviver of `JSON.parse` is told about a primitive value (ECMAScript 2026). */
interface SourceContext {
  readonly source?: string;
}

/**
 * Parses JSON. Throws `NUMBER_INEXACT` for a number that JavaScript would change, such as a 64-bit
 * id or a decimal of 18 digits. A print of a double passes: `0.1`, `1.50`, `0.10000000000000001`.
 * Throws a `SyntaxError` for text that is not JSON.
 */
export function parseExactly(text: string): unknown {
  if (!SUSPICIOUS.test(text)) return JSON.parse(text);
  const check = (_key: string, value: unknown, context?: SourceContext): unknown => {
    if (typeof value !== "number" || context?.source === undefined) return value;
    if (isPrintOf(context.source, value)) return value;
    throw new OdoriError(
      "NUMBER_INEXACT",
      `The number ${short(context.source)} would be changed.`,
      {
        hint: "Send it as text: JavaScript numbers have 53 bits.",
      },
    );
  };
  return JSON.parse(text, check);
}

const SHOWN_MAX_CHARS = 40;

function short(source: string): string {
  return source.length <= SHOWN_MAX_CHARS ? source : `${source.slice(0, SHOWN_MAX_CHARS)}…`;
}

/** Digits that name any double: a print with more is a decimal, and not a double. */
const DOUBLE_DIGITS_MAX = 17;

/** An integer may be an id, of which each digit counts. */
const INTEGER = /^-?\d+$/;

/**
 * Whether a number's text is a print of its value: the shortest one, or, unless it is an integer,
 * the value rounded to as many digits as the text has, at most 17. Other languages print a double
 * with `%.17g`.
 */
function isPrintOf(source: string, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  const { digits, text } = decimal(source);
  if (text === decimal(String(value)).text) return true;
  if (digits === 0 || digits > DOUBLE_DIGITS_MAX || INTEGER.test(source)) return false;
  return text === decimal(value.toPrecision(digits)).text;
}

/** The count of significant digits, and a canonical form: digits, power of ten of the last one. */
function decimal(source: string): { readonly digits: number; readonly text: string } {
  const [mantissa = "", exponent = "0"] = source.toLowerCase().split("e");
  const negative = mantissa.startsWith("-");
  const [whole = "", fraction = ""] = (negative ? mantissa.slice(1) : mantissa).split(".");
  const digits = `${whole}${fraction}`;
  // Loops: a regular expression for zeros at the end takes quadratic time.
  let first = 0;
  let end = digits.length;
  while (first < end && digits[first] === "0") first++;
  while (end > first && digits[end - 1] === "0") end--;
  if (first === end) return { digits: 0, text: "0" };
  const power = Number(exponent) - fraction.length + (digits.length - end);
  const text = `${negative ? "-" : ""}${digits.slice(first, end)}e${power}`;
  return { digits: end - first, text };
}

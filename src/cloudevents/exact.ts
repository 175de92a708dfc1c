import { OdoriError } from "../contract/errors.ts";

/** A number token that a double may not hold: 16 digits or more, or an exponent. */
const SUSPICIOUS = /(?:^|[[:,\s])-?(?:[\d.]{16,}|[\d.]+[eE])/;

/** What a reviver of `JSON.parse` is told about a primitive value (ECMAScript 2026). */
interface SourceContext {
  readonly source?: string;
}

/**
 * Parses JSON. Throws `NUMBER_INEXACT` for a number that JavaScript would change, such as a 64-bit
 * id; throws a `SyntaxError` for text that is not JSON.
 */
export function parseExactly(text: string): unknown {
  if (!SUSPICIOUS.test(text)) return JSON.parse(text);
  const check = (_key: string, value: unknown, context?: SourceContext): unknown => {
    if (typeof value !== "number" || context?.source === undefined) return value;
    if (sameNumber(context.source, value)) return value;
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

/** Whether a number's text and its value are the same decimal. */
function sameNumber(source: string, value: number): boolean {
  return Number.isFinite(value) && decimal(source) === decimal(String(value));
}

/** A canonical form: significant digits, and the power of ten of the last one. */
function decimal(text: string): string {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace(/^[+-]/, "").split(".");
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${text.startsWith("-") ? "-" : ""}${significant}e${power}`;
}

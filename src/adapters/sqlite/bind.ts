import type { SQLInputValue } from "node:sqlite";
import { withoutLiterals } from "../../adapter/control.ts";
import { OdoriError } from "../../contract/errors.ts";

/** What the text of a statement says of its values. */
export interface Placeholders {
  /** Whether the text is several statements, of which `prepare` would run the first alone. */
  readonly script: boolean;
  /** The greatest number among `$1`, `$2` and so on; 0 where values are bound to `?`. */
  readonly last: number;
  /** Whether the numbers are names for SQLite, and no `?` in their order. */
  readonly named: boolean;
  /** What SQLite gets: with `?` for numbers in their order, which are bound twice as fast. */
  readonly prepared: string;
}

/** Finds where a text takes values. */
export function placeholdersOf(text: string): Placeholders {
  const script = text.includes(";") && /;\s*\S/.test(withoutLiterals(text));
  if (!text.includes("$")) return { script, last: 0, named: false, prepared: text };
  const places = [...withoutLiterals(text).matchAll(NUMBERED)].map(([, index]) => Number(index));
  const last = Math.max(0, ...places);
  const inOrder = places.every((number, index) => number === index + 1) && !text.includes("?");
  // A number in a quoted text stays what it is.
  if (!inOrder || places.length < [...text.matchAll(NUMBERED)].length)
    return { script, last, named: last > 0, prepared: text };
  return { script, last, named: false, prepared: text.replaceAll(NUMBERED, "?") };
}

const NUMBERED = /\$(\d+)/g;

/** Throws `STATEMENT_UNSUPPORTED` if several statements have values, as Postgres refuses them. */
export function checkScript(values: readonly unknown[]): void {
  if (values.length === 0) return;
  throw new OdoriError("STATEMENT_UNSUPPORTED", "Several statements in one text take no values.", {
    hint: "Send one statement in each call.",
  });
}

/**
 * The values of `?` in their order. SQLite takes `$1` for a name; a value that is missing would be
 * NULL.
 */
export function valuesInOrder(
  { last }: Placeholders,
  values: readonly unknown[],
): readonly SQLInputValue[] {
  checkCount(last, values);
  return values.map(toInput);
}

/** The values of `$1`, `$2`, as Postgres numbers them. */
export function valuesByName(
  { last }: Placeholders,
  values: readonly unknown[],
): Record<string, SQLInputValue> {
  checkCount(last, values);
  const named: Record<string, SQLInputValue> = {};
  for (let n = 0; n < last; n++) named[`$${n + 1}`] = toInput(values[n]);
  return named;
}

function checkCount(last: number, values: readonly unknown[]): void {
  if (last !== 0 && last !== values.length)
    throw new OdoriError(
      "OPTION_INVALID",
      `The statement has values up to $${last}, and ${values.length} were passed.`,
      { hint: "Pass one value for each number." },
    );
}

/** What Postgres takes and SQLite has no type for: booleans, dates, and objects as JSON. */
function toInput(value: unknown): SQLInputValue {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
      return value;
    case "boolean":
      return Number(value);
    case "undefined":
      return null;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      return value instanceof Date ? value.toISOString() : JSON.stringify(value);
  }
}

import type { SQLInputValue } from "node:sqlite";
import { withoutLiterals } from "../../adapter/control.ts";
import { OdoriError } from "../../contract/errors.ts";

type Bound = readonly [named: Record<string, SQLInputValue>, ...positional: SQLInputValue[]];

/**
 * Whether the text is several statements, of which `prepare` would run the first alone. Throws
 * `STATEMENT_UNSUPPORTED` if they have values, as Postgres refuses them too.
 */
export function isScript(text: string, values: readonly unknown[]): boolean {
  if (!text.includes(";") || !/;\s*\S/.test(withoutLiterals(text))) return false;
  if (values.length === 0) return true;
  throw new OdoriError("STATEMENT_UNSUPPORTED", "Several statements in one text take no values.", {
    hint: "Send one statement in each call.",
  });
}

/**
 * Binds values to `$1`, `$2` as Postgres numbers them, or to `?` in their order. SQLite takes `$1`
 * for a name; a value that is missing would be NULL.
 */
export function bind(text: string, values: readonly unknown[]): Bound {
  const places = text.includes("$") ? [...withoutLiterals(text).matchAll(/\$(\d+)/g)] : [];
  if (places.length === 0) return [{}, ...values.map(toInput)];
  const last = Math.max(...places.map(([, index]) => Number(index)));
  if (last !== values.length)
    throw new OdoriError(
      "OPTION_INVALID",
      `The statement has values up to $${last}, and ${values.length} were passed.`,
      { hint: "Pass one value for each number." },
    );
  return [Object.fromEntries(values.map((value, n) => [`$${n + 1}`, toInput(value)]))];
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

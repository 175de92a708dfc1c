import { Ajv2020 } from "ajv/dist/2020.js";
import { withinTime } from "../contract/bounded.ts";
import type { JsonSchema } from "../manifest/manifest.ts";

const EXAMPLE_DEPTH_MAX = 8;
/** Longest text that is made up. A schema may ask for any length, and then has no example. */
const TEXT_MAX_CHARS = 1_000;
/*
 * A schema from elsewhere may take any time: a `pattern` that tries all ways to match, or parts
 * that refer to one another. It then has no example.
 */
const SCHEMA_MAX_MS = 1_000;
const DOCUMENT_MAX_MS = 20_000;
const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T12:00:00.000Z",
  date: "2026-01-01",
  time: "12:00:00Z",
  email: "someone@example.com",
  uri: "https://example.com",
  uuid: "01890a5d-ac96-774b-bcce-b302099a8057",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  hostname: "example.com",
};

/** Makes the examples of one document, in a bounded time. */
export class Examples {
  #ajv = validator();
  #millisecondsLeft = DOCUMENT_MAX_MS;

  /** Makes a small payload that fits a schema. Returns undefined if it finds none. */
  of(schema: JsonSchema): unknown {
    const example = make(schema, 0);
    const began = performance.now();
    const millisecondsMax = Math.min(SCHEMA_MAX_MS, this.#millisecondsLeft);
    const fits = millisecondsMax > 0 && this.#fits(schema, example, millisecondsMax);
    this.#millisecondsLeft -= performance.now() - began;
    return fits ? example : undefined;
  }

  #fits(schema: JsonSchema, example: unknown, millisecondsMax: number): boolean {
    try {
      const checked = withinTime(millisecondsMax, () => {
        // With `$async` it is not validated at once, and `$schema` may name any draft.
        const {
          $async: _,
          $schema: __,
          ...plain
        } = typeof schema === "boolean" ? { not: !schema } : schema;
        return this.#ajv.compile(plain)(example);
      });
      // It was stopped anywhere.
      if (checked === undefined) this.#ajv = validator();
      return checked?.value === true;
    } catch {
      // A schema that does not compile has no example. Other commands report the schema.
      return false;
    }
  }
}

function validator(): Ajv2020 {
  const options = { strict: false, validateFormats: false, addUsedSchema: false } as const;
  return new Ajv2020({ ...options, logger: false });
}

function make(schema: unknown, depth: number): unknown {
  if (typeof schema !== "object" || schema === null || depth > EXAMPLE_DEPTH_MAX) return undefined;
  const get = (key: string): unknown => Reflect.get(schema, key);
  if ("const" in schema) return schema.const;
  if ("default" in schema) return schema.default;
  for (const key of ["examples", "enum"]) {
    const list = get(key);
    if (Array.isArray(list) && list.length > 0) return list[0];
  }
  for (const key of ["oneOf", "anyOf", "allOf"]) {
    const list = get(key);
    if (Array.isArray(list) && list.length > 0) return make(list[0], depth + 1);
  }
  const type = [get("type")].flat()[0];
  if (type === "object" || "properties" in schema)
    return makeObject(get("properties"), get("required"), depth);
  if (type === "array")
    return "items" in schema && numberOf(get("minItems"), 0) > 0
      ? [make(schema.items, depth + 1)]
      : [];
  if (type === "string")
    return makeString(
      get("format"),
      numberOf(get("minLength"), 1),
      numberOf(get("maxLength"), TEXT_MAX_CHARS),
    );
  if (type === "integer" || type === "number")
    return makeNumber(
      get("minimum"),
      get("exclusiveMinimum"),
      get("maximum"),
      get("exclusiveMaximum"),
    );
  if (type === "boolean") return true;
  return null;
}

function makeObject(properties: unknown, required: unknown, depth: number): unknown {
  if (typeof properties !== "object" || properties === null) return {};
  const names: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => names.includes(name))
      .map(([name, child]) => [name, make(child, depth + 1)]),
  );
}

function makeString(format: unknown, least: number, most: number): string | undefined {
  if (!(least <= TEXT_MAX_CHARS)) return undefined;
  const known = typeof format === "string" ? FORMATS[format] : undefined;
  return known ?? "text".padEnd(least, "x").slice(0, most);
}

function makeNumber(minimum: unknown, above: unknown, maximum: unknown, below: unknown): number {
  if (typeof minimum === "number") return minimum;
  if (typeof above === "number") return Math.floor(above) + 1;
  if (typeof maximum === "number" && maximum < 1) return maximum;
  return typeof below === "number" && below <= 1 ? Math.ceil(below) - 1 : 1;
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

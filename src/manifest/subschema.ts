import type { JsonSchema } from "./manifest.ts";

/** Describes one reason why a payload of the producer may not fit the consumer. */
export interface SchemaMismatch {
  /** Field names from the root of the payload; `[]` for the items of an array. */
  readonly path: readonly string[];
  readonly reason: string;
}

type Schema = Readonly<Record<string, unknown>>;

/** Bounds chains of references, which may be circular. */
const REFS_MAX = 24;
/** Bounds the comparison of recursive schemas. Beyond it, the schemas do not fit. */
const STEPS_MAX = 20_000;
/** Reports at most this many mismatches. */
const MISMATCHES_MAX = 100;

/**
 * Returns the reasons why a consumer with schema `expected` may refuse a payload of schema
 * `produced`. Empty if each payload fits. A consumer may read a subset of the fields. Each
 * alternative of the producer must fit one of the consumer. Keywords such as `not` and `if` are
 * not compared.
 *
 * @example
 * ```ts
 * import { schemaMismatches } from "odori/manifest";
 *
 * const produced = { type: "object", properties: { id: { type: "string" } } };
 * const expected = { type: "object", required: ["id"] };
 * console.log(schemaMismatches(produced, expected));
 * ```
 */
export function schemaMismatches(
  produced: JsonSchema,
  expected: JsonSchema,
): readonly SchemaMismatch[] {
  const found: SchemaMismatch[] = [];
  compare({ produced, expected, under: [], steps: 0 }, produced, expected, [], found);
  return found.slice(0, MISMATCHES_MAX);
}

interface Comparison {
  readonly produced: JsonSchema;
  readonly expected: JsonSchema;
  /** Pairs under comparison. A pair that recurs within itself fits if the rest fits. */
  readonly under: (readonly [unknown, unknown])[];
  steps: number;
}

function compare(
  comparison: Comparison,
  produced: unknown,
  expected: unknown,
  path: readonly string[],
  found: SchemaMismatch[],
): void {
  const { under } = comparison;
  if (found.length > MISMATCHES_MAX || under.some(([a, b]) => a === produced && b === expected))
    return;
  if (++comparison.steps > STEPS_MAX) {
    found.push({ path, reason: "is too complex to compare" });
    return;
  }
  under.push([produced, expected]);
  compareNodes(comparison, produced, expected, path, found);
  under.pop();
}

function compareNodes(
  roots: Comparison,
  producedNode: unknown,
  expectedNode: unknown,
  path: readonly string[],
  found: SchemaMismatch[],
): void {
  const produced = resolve(roots.produced, producedNode);
  const expected = resolve(roots.expected, expectedNode);
  const mismatch = (reason: string, ...below: readonly string[]) =>
    found.push({ path: [...path, ...below], reason });
  // Documents of others refer to parts that a manifest does not have: not known, so not compared.
  if (expected === undefined || produced === undefined) return;
  if (expected === true || produced === false) return;
  if (expected === false) {
    mismatch("is not allowed");
    return;
  }
  if (produced === true) {
    if (Object.keys(expected).some((key) => CONSTRAINTS.has(key))) mismatch("may have any type");
    return;
  }
  const producedEither = alternatives(produced);
  const expectedEither = alternatives(expected);
  if (producedEither !== undefined || expectedEither !== undefined) {
    for (const one of producedEither ?? [produced]) {
      const tries = (expectedEither ?? [expected]).map((other) => {
        const below: SchemaMismatch[] = [];
        compare(roots, one, other, path, below);
        return below;
      });
      const best = tries.toSorted((a, b) => a.length - b.length)[0] ?? [];
      found.push(...best);
    }
    return;
  }
  if (!compareTypes(produced, expected, mismatch)) return;
  compareValues(produced, expected, mismatch);
  compareBounds(produced, expected, mismatch);
  compareFields(roots, produced, expected, path, found);
  if ("items" in expected)
    compare(
      roots,
      "items" in produced ? produced.items : true,
      expected.items,
      [...path, "[]"],
      found,
    );
}

const CONSTRAINTS = new Set([
  "type",
  "properties",
  "required",
  "enum",
  "const",
  "anyOf",
  "oneOf",
  "items",
  "pattern",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
]);

type ReportMismatch = (reason: string, ...below: readonly string[]) => void;

function compareTypes(produced: Schema, expected: Schema, mismatch: ReportMismatch): boolean {
  const wanted = typesOf(expected);
  if (wanted === undefined) return true;
  const given = typesOf(produced);
  const stranger = given?.find(
    (type) => !wanted.includes(type) && !(type === "integer" && wanted.includes("number")),
  );
  if (given !== undefined && stranger === undefined) return true;
  mismatch(
    given === undefined
      ? `may have any type, where ${wanted.join(" or ")} is expected`
      : `is ${given.join(" or ")}, where ${wanted.join(" or ")} is expected`,
  );
  return false;
}

function typesOf(schema: Schema): readonly string[] | undefined {
  const { type } = schema;
  if (typeof type === "string") return [type];
  if (Array.isArray(type)) return type.filter((item) => typeof item === "string");
  const values = valuesOf(schema);
  return values === undefined
    ? undefined
    : [
        ...new Set(
          values.map((value) =>
            value === null ? "null" : Array.isArray(value) ? "array" : typeof value,
          ),
        ),
      ];
}

function valuesOf({ enum: list, ...schema }: Schema): readonly unknown[] | undefined {
  if ("const" in schema) return [schema.const];
  return Array.isArray(list) ? list : undefined;
}

function compareValues(produced: Schema, expected: Schema, mismatch: ReportMismatch): void {
  const wanted = valuesOf(expected)?.map((value) => JSON.stringify(value));
  if (wanted === undefined) return;
  const given = valuesOf(produced)?.map((value) => JSON.stringify(value));
  if (given === undefined) mismatch(`may be any value, where ${wanted.join(" or ")} is expected`);
  const stranger = given?.filter((value) => !wanted.includes(value)) ?? [];
  if (stranger.length > 0) mismatch(`may be ${stranger.join(", ")}, which is not expected`);
}

const UPPER = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"];
const LOWER = ["minimum", "exclusiveMinimum", "minLength", "minItems"];

function compareBounds(produced: Schema, expected: Schema, mismatch: ReportMismatch): void {
  // A list of values bounds them already.
  if (valuesOf(produced) !== undefined) return;
  for (const key of [...UPPER, ...LOWER]) {
    const limit = expected[key];
    const given = produced[key];
    if (typeof limit !== "number") continue;
    const within =
      typeof given === "number" && (UPPER.includes(key) ? given <= limit : given >= limit);
    if (!within)
      mismatch(
        `has ${key} ${typeof given === "number" ? given : "unbounded"}, where ${limit} is expected`,
      );
  }
  for (const key of ["pattern", "format"]) {
    if (typeof expected[key] === "string" && expected[key] !== produced[key])
      mismatch(`has a different ${key} than expected`);
  }
}

function compareFields(
  roots: Comparison,
  produced: Schema,
  expected: Schema,
  path: readonly string[],
  found: SchemaMismatch[],
): void {
  const wanted = propertiesOf(expected);
  const given = propertiesOf(produced);
  const required = namesOf(expected.required);
  const promised = namesOf(produced.required);
  for (const name of required.filter((name) => !promised.includes(name))) {
    found.push({
      path: [...path, name],
      reason: name in given ? "may be missing, but is required" : "is missing, but is required",
    });
  }
  for (const [name, schema] of Object.entries(wanted)) {
    // A missing field has no type to compare; `required` was checked above.
    if (Object.hasOwn(given, name)) compare(roots, given[name], schema, [...path, name], found);
  }
  if (expected.additionalProperties !== false) return;
  for (const name of Object.keys(given).filter((name) => !Object.hasOwn(wanted, name))) {
    found.push({
      path: [...path, name],
      reason: "is new, but the consumer refuses unknown fields",
    });
  }
}

function propertiesOf({ properties }: Schema): Schema {
  return typeof properties === "object" && properties !== null && !Array.isArray(properties)
    ? { ...properties }
    : {};
}

function namesOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((name) => typeof name === "string") : [];
}

function alternatives(schema: Schema): readonly unknown[] | undefined {
  const list = schema.anyOf ?? schema.oneOf;
  return Array.isArray(list) ? list : undefined;
}

/** Follows references within the schema. Returns undefined for a reference without a target. */
function resolve(root: JsonSchema, node: unknown): Schema | boolean | undefined {
  let at = node;
  for (let hop = 0; hop < REFS_MAX; hop++) {
    if (typeof at === "boolean") return at;
    if (at === undefined && hop > 0) return undefined;
    if (typeof at !== "object" || at === null || Array.isArray(at)) return true;
    const schema: Schema = { ...at };
    if (typeof schema.$ref !== "string") return merged(schema);
    if (!schema.$ref.startsWith("#")) return undefined;
    let target: unknown = root;
    for (const step of schema.$ref.split("/").slice(1)) {
      const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
      target =
        typeof target === "object" && target !== null && Object.hasOwn(target, name)
          ? Reflect.get(target, name)
          : undefined;
    }
    at = target;
  }
  return true;
}

/** Merges the parts of `allOf` into one schema: keywords, properties and required fields. */
function merged(schema: Schema): Schema {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf)) return schema;
  let all: Schema = rest;
  for (const part of allOf) {
    if (typeof part !== "object" || part === null) continue;
    const properties = { ...propertiesOf(all), ...propertiesOf(part) };
    all = Object.assign({}, all, part, {
      properties,
      required: [...namesOf(all.required), ...namesOf(part.required)],
    });
  }
  return all;
}

/** Formats a mismatch: `goods.sku is missing, but is required`. */
export function mismatchText({ path, reason }: SchemaMismatch): string {
  return `${path.length === 0 ? "the payload" : path.join(".")} ${reason}`;
}

import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { toDraft2020 } from "./json-schema-2020.ts";
import { compileSchema } from "./json-schema-compile.ts";

/**
 * Makes a plain JSON Schema a schema for `event()`. Its draft is that of `$schema`: 2020-12,
 * 2019-09, 07 or 06. Without `$schema` it is 2020-12, or 07 where it is not valid as 2020-12.
 *
 * Keywords that only describe, such as `example` and those that start with `x-`, are accepted.
 * Other unknown keywords are refused, because a misspelt one would let every payload pass. A
 * `format` is checked; a process warning, `FORMAT_UNCHECKED`, names one that is not known.
 *
 * The type argument is not checked against the schema. Throws `SCHEMA_UNUSABLE`.
 *
 * @example
 * ```ts
 * import { event } from "odori";
 * import { jsonSchema } from "odori/json-schema";
 *
 * const orderPlaced = event(
 *   "order.placed.v1",
 *   jsonSchema<{ readonly orderId: string }>({
 *     type: "object",
 *     properties: { orderId: { type: "string" } },
 *     required: ["orderId"],
 *   }),
 * );
 * ```
 */
export function jsonSchema<T>(
  schema: Readonly<Record<string, unknown>>,
): StandardSchemaV1<T, T> & StandardJSONSchemaV1<T, T> {
  const check = compileSchema<T>(schema);
  return {
    "~standard": {
      version: 1,
      vendor: "odori",
      jsonSchema: { input: () => toDraft2020(schema), output: () => toDraft2020(schema) },
      validate(value) {
        if (check(value)) return { value };
        const issues = (check.errors ?? []).map((error) => ({
          message: error.message ?? error.keyword,
          path: error.instancePath.split("/").slice(1),
        }));
        return { issues };
      },
    },
  };
}

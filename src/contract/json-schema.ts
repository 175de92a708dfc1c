import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { Ajv2020 } from "ajv/dist/2020.js";
import { OdoriError } from "./errors.ts";

/**
 * Makes a plain JSON Schema (draft 2020-12) a schema for `event()`.
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
  // Without `strict`, a misspelt keyword would let every payload pass.
  const ajv = new Ajv2020({ strict: true, allErrors: false, validateFormats: false });
  const check = compileSchema<T>(ajv, schema);
  return {
    "~standard": {
      version: 1,
      vendor: "odori",
      jsonSchema: { input: () => ({ ...schema }), output: () => ({ ...schema }) },
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

function compileSchema<T>(ajv: Ajv2020, schema: Readonly<Record<string, unknown>>) {
  try {
    return ajv.compile<T>(schema);
  } catch (cause) {
    throw new OdoriError("SCHEMA_UNUSABLE", "This JSON Schema cannot be compiled.", {
      cause,
      hint: "See the cause for the keyword.",
    });
  }
}

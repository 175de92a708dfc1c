import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { Ajv2020 } from "ajv/dist/2020.js";
import { OdoriError } from "./errors.ts";

/**
 * A plain JSON Schema (draft 2020-12) as a schema for `event()`: `event("order.placed.v1",
 * jsonSchema<{ orderId: string }>({ … }))`. The type argument is taken on trust: JSON Schema has no
 * type of its own. Throws `SCHEMA_UNUSABLE`.
 */
export function jsonSchema<T>(
  schema: Readonly<Record<string, unknown>>,
): StandardSchemaV1<T, T> & StandardJSONSchemaV1<T, T> {
  // `strict` finds misspelt keywords when the contract is made instead of letting everything pass
  // later.
  const ajv = new Ajv2020({ strict: true, allErrors: false, validateFormats: false });
  const check = compile<T>(ajv, schema);
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

function compile<T>(ajv: Ajv2020, schema: Readonly<Record<string, unknown>>) {
  try {
    return ajv.compile<T>(schema);
  } catch (cause) {
    throw new OdoriError("SCHEMA_UNUSABLE", "This JSON Schema cannot be compiled.", {
      cause,
      hint: "See the cause for the keyword.",
    });
  }
}

import type { StandardJSONSchemaV1 } from "@standard-schema/spec";

type Schema = Readonly<Record<string, unknown>>;

const TARGET = { target: "draft-2020-12" } as const;

/**
 * Returns the yield of a schema as JSON Schema, as open as its input.
 *
 * Libraries describe their yield as closed, because they drop unknown fields. For a reader that
 * means the opposite: unknown fields do no harm. Undefined where the library cannot express the
 * schema.
 */
export function jsonSchemaOf(standard: object): Schema | undefined {
  if (!speaksJsonSchema(standard)) return undefined;
  try {
    const { $schema: _, ...schema } = standard.jsonSchema.output(TARGET);
    opened(schema, standard.jsonSchema.input(TARGET));
    return schema;
  } catch {
    // The specification lets a library throw for a schema without an equivalent, such as a
    // transformation.
    return undefined;
  }
}

function speaksJsonSchema(standard: object): standard is StandardJSONSchemaV1.Props {
  return (
    "jsonSchema" in standard &&
    typeof standard.jsonSchema === "object" &&
    standard.jsonSchema !== null
  );
}

function opened(output: unknown, input: unknown): void {
  if (typeof output !== "object" || output === null) return;
  const other: Schema = typeof input === "object" && input !== null ? { ...input } : {};
  if (
    "additionalProperties" in output &&
    output.additionalProperties === false &&
    other.additionalProperties !== false
  ) {
    delete output.additionalProperties;
  }
  for (const [key, value] of Object.entries(output)) opened(value, other[key]);
}

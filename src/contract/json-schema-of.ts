import type { StandardJSONSchemaV1 } from "@standard-schema/spec";

type Schema = Readonly<Record<string, unknown>>;

/** What a schema takes, or what it yields. */
export type SchemaSide = "input" | "output";

const TARGET = "draft-2020-12";

/**
 * How a library is told to leave out what it cannot express, such as a transform: one such field
 * must not make the whole payload unknown.
 */
const LENIENT: Readonly<Record<string, Schema>> = {
  zod: { unrepresentable: "any" },
  arktype: { fallback: ({ base }: { readonly base: unknown }) => base },
  valibot: { errorMode: "ignore" },
};

/**
 * Returns one side of a schema as JSON Schema; undefined if the library cannot express it. The
 * input is expressed without the parts that have no equivalent, the yield only as a whole.
 *
 * The yield is as open as the input. Libraries describe it as closed, because they drop unknown
 * fields. For a reader that means the opposite: unknown fields do no harm.
 */
export function jsonSchemaOf(standard: object, side: SchemaSide): Schema | undefined {
  if (!speaksJsonSchema(standard)) return undefined;
  const { jsonSchema } = standard;
  if (side === "input")
    return (
      attempt(() => jsonSchema.input({ target: TARGET })) ??
      attempt(() => jsonSchema.input({ target: TARGET, libraryOptions: LENIENT[standard.vendor] }))
    );
  return attempt(() => {
    const schema = jsonSchema.output({ target: TARGET });
    opened(schema, jsonSchema.input({ target: TARGET }));
    return schema;
  });
}

function attempt(convert: () => Schema): Schema | undefined {
  try {
    const { $schema: _, ...schema } = convert();
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

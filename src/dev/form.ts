import type { Service } from "../choreography/service.ts";
import type { EventContract } from "../contract/event.ts";

/** How a saga begins: what a form asks for. */
export interface BeginForm {
  readonly service: string;
  readonly type: string;
  /** JSON Schema of the payload; undefined where the schema's library cannot express it. */
  readonly schema: Readonly<Record<string, unknown>> | undefined;
  /** The fields of the payload, in order; empty if it is not an object. */
  readonly fields: readonly FormField[];
}

/** One field of a payload. */
export interface FormField {
  readonly name: string;
  /** In words: `string`, `integer`, `"a" | "b"`. */
  readonly type: string;
  readonly required: boolean;
}

/** The forms of all events that begin a saga. */
export function beginForms(
  services: readonly Service<unknown, EventContract>[],
): readonly BeginForm[] {
  return services.flatMap(({ name, beginnings }) =>
    beginnings.map((contract) => {
      const schema = contract.toJsonSchema("input");
      return { service: name, type: contract.type, schema, fields: formFields(schema) };
    }),
  );
}

function formFields(schema: BeginForm["schema"]): readonly FormField[] {
  const properties = schema?.properties;
  if (typeof properties !== "object" || properties === null) return [];
  const required = Array.isArray(schema?.required) ? schema.required : [];
  return Object.entries(properties).map(([name, field]) => ({
    name,
    type: typeText(field),
    required: required.includes(name),
  }));
}

function typeText(field: unknown): string {
  const members = new Map<string, unknown>(
    typeof field === "object" && field !== null ? Object.entries(field) : [],
  );
  const [type, values] = [members.get("type"), members.get("enum")];
  if (members.has("const")) return JSON.stringify(members.get("const"));
  if (Array.isArray(values)) return values.map((one) => JSON.stringify(one)).join(" | ");
  if (Array.isArray(type)) return type.join(" | ");
  return typeof type === "string" ? type : "any";
}

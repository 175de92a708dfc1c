/** One field of a form, made from a property of a JSON Schema. */
export interface PayloadField {
  readonly name: string;
  readonly kind: "text" | "number" | "yes or no" | "choice" | "json";
  readonly required: boolean;
  /** Of a choice: the values, as JSON. */
  readonly choices: readonly string[];
  /** What stands in it at first. */
  readonly first: string;
}

/** A field that holds no JSON. */
export class NotJson extends Error {
  readonly field: string;

  constructor(field: string) {
    super(field);
    this.field = field;
  }
}

type Members = Readonly<Record<string, unknown>>;

/** The fields of a payload; undefined where it is not a plain object: then it is one JSON text. */
export function fieldsOf(schema: Members | undefined): readonly PayloadField[] | undefined {
  const properties = membersOf(schema?.properties);
  if (schema?.type !== "object" || properties === undefined) return undefined;
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(properties).map(([name, property]) =>
    fieldOf(name, membersOf(property) ?? {}, required.includes(name)),
  );
}

/** The payload that a form holds. Throws `NotJson`. An empty field that is not required is absent. */
export function payloadOf(fields: readonly PayloadField[], values: Values): Members {
  const entries = fields.flatMap((field) => {
    const text = values[field.name] ?? field.first;
    if (text === "" && !field.required) return [];
    return [[field.name, typedValue(field, text)] as const];
  });
  return Object.fromEntries(entries);
}

/** What was typed, by field. */
export type Values = Readonly<Record<string, string>>;

export function jsonIn(field: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotJson(field);
  }
}

function typedValue({ name, kind }: PayloadField, text: string): unknown {
  // The contract says what is wrong with an empty number, as with every other value.
  if (kind === "text" || (kind === "number" && Number.isNaN(Number.parseFloat(text)))) return text;
  if (kind === "number") return Number(text);
  return kind === "yes or no" ? text === "true" : jsonIn(name, text);
}

function fieldOf(name: string, property: Members, required: boolean): PayloadField {
  const [example] = Array.isArray(property.examples) ? property.examples : [];
  const first = property.default ?? example;
  const named = { name, required, choices: [] };
  const text = first === undefined ? "" : typeof first === "string" ? first : JSON.stringify(first);
  const { type } = property;
  if (Array.isArray(property.enum)) {
    const choices = property.enum.map((value) => JSON.stringify(value));
    const standard = first === undefined ? "" : JSON.stringify(first);
    const [before = ""] = choices;
    return { ...named, kind: "choice", choices, first: standard || (required ? before : "") };
  }
  if (type === "string") return { ...named, kind: "text", first: text };
  if (type === "integer" || type === "number") return { ...named, kind: "number", first: text };
  if (type === "boolean") return { ...named, kind: "yes or no", first: text || "false" };
  return { ...named, kind: "json", first: text };
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? { ...value }
    : undefined;
}

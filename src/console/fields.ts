import { queryInvalid } from "./refusal.ts";

const TEXT_MAX = 1_000;

/** The body of a request that is an object. Throws `QUERY_INVALID` for unknown fields. */
export function fieldsIn(
  body: unknown,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw queryInvalid("The body is a JSON object.");
  const fields: Readonly<Record<string, unknown>> = { ...body };
  const other = Object.keys(fields).find((name) => !names.includes(name));
  if (other !== undefined) throw queryInvalid(`The body has only ${names.join(", ")}.`);
  return fields;
}

/** A text among the fields; undefined if it is absent. Throws `QUERY_INVALID`. */
export function textField(
  fields: Readonly<Record<string, unknown>>,
  name: string,
): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value === "string" && value.length <= TEXT_MAX) return value;
  throw queryInvalid(`${name} is a text of at most ${TEXT_MAX} characters.`);
}

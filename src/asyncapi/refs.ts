/** Formats keys as a JSON Pointer in a fragment (RFC 6901): `#/channels/a~1b`. */
export function pointer(...steps: readonly string[]): string {
  return `#/${steps.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;
}

/** Splits a JSON Pointer into its keys. */
export function pointerSteps(text: string): readonly string[] {
  return text
    .split("/")
    .slice(1)
    .map((step) => decode(step).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/**
 * Rewrites the references of a schema that start with `from`, so that they start with `to`. Moves a
 * schema into a larger document or out of it. Other references stay as they are.
 */
export function rebase(schema: unknown, from: string, to: string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => rebase(item, from, to));
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (
        key !== "$ref" ||
        typeof value !== "string" ||
        !(value === from || value.startsWith(`${from}/`))
      )
        return [key, rebase(value, from, to)];
      return [key, `${to}${value.slice(from.length)}`];
    }),
  );
}

/** JSON Pointer (RFC 6901). */
export function pointer(...steps: readonly string[]): string {
  return `#/${steps.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;
}

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
 * A schema that refers to its own parts (`#/$defs/x`) as part of a larger document, where it stands
 * at `base`; or back again. Other references are left as they are.
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

/** Keywords whose value is data, not a schema. */
const DATA = new Set(["const", "enum", "default", "example", "examples"]);

/**
 * Rewrites what older drafts and OpenAPI say in other words, so that a schema of them is one of
 * draft 2020-12: tuples, `dependencies` and `nullable`. References stay valid.
 */
export function toDraft2020(
  schema: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { ...converted(schema) };
}

function converted(node: object): object {
  const { items, additionalItems, dependencies, nullable, type, ...rest } = childrenOf(node);
  const tuple = Array.isArray(items);
  return {
    ...rest,
    ...(type !== undefined && {
      type: nullable === true ? [...new Set([type, "null"].flat())] : type,
    }),
    ...(tuple
      ? { prefixItems: items, ...(additionalItems !== undefined && { items: additionalItems }) }
      : items !== undefined && { items }),
    ...(isPlainObject(dependencies) && dependents(dependencies)),
  };
}

interface Children {
  readonly [keyword: string]: unknown;
}

/** Converts the schemas below a schema. */
function childrenOf(node: object): Children {
  return Object.fromEntries(
    Object.entries(node).map(([key, value]: readonly [string, unknown]) => {
      if (DATA.has(key) || key.startsWith("x-")) return [key, value];
      if (MAPS.has(key) && isPlainObject(value)) {
        const named = Object.entries(value).map(([name, child]) => [name, below(child)]);
        return [key, Object.fromEntries(named)];
      }
      return [key, below(value)];
    }),
  );
}

/** Keywords whose value maps names to schemas. */
const MAPS = new Set([
  ...["properties", "patternProperties", "$defs", "definitions"],
  ...["dependencies", "dependentSchemas"],
]);

function below(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(below);
  return isPlainObject(value) ? converted(value) : value;
}

function dependents(dependencies: object): object {
  const entries = Object.entries(dependencies);
  const some = (list: typeof entries) => list.length > 0 && Object.fromEntries(list);
  const required = some(entries.filter(([, value]) => Array.isArray(value)));
  const schemas = some(entries.filter(([, value]) => !Array.isArray(value)));
  return {
    ...(required !== false && { dependentRequired: required }),
    ...(schemas !== false && { dependentSchemas: schemas }),
  };
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

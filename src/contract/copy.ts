/**
 * Copies a JSON value, so that nothing a handler does to its copy reaches the original. Keys are
 * defined, not assigned, since `__proto__` may be one.
 */
export function copyJson(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson);
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === "__proto__")
      Object.defineProperty(copy, key, {
        value: copyJson(item),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else copy[key] = copyJson(item);
  }
  return copy;
}

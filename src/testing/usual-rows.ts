/**
 * Gives rows the prototype of other objects, in place, also within arrays and objects. Rows of
 * SQLite have none, so that `assert.deepStrictEqual` finds them different from an object literal,
 * and shows no difference.
 */
export function usualRows<T>(read: T, seen: Set<unknown> = new Set()): T {
  if (typeof read !== "object" || read === null || seen.has(read)) return read;
  seen.add(read);
  const prototype: unknown = Object.getPrototypeOf(read);
  if (prototype === null) Reflect.setPrototypeOf(read, Object.prototype);
  else if (!Array.isArray(read) && prototype !== Object.prototype) return read;
  for (const value of Object.values(read)) usualRows(value, seen);
  return read;
}

/**
 * Gives rows, and arrays of them, the prototype of those that a test writes down: in place, also
 * within arrays and objects. Rows of SQLite have none, and Jest has objects of its own, so that an
 * array that Node makes has another prototype. Strict assertions would find them different from
 * literals, and show no difference.
 */
export function usualRows<T>(read: T, seen: Set<unknown> = new Set()): T {
  if (typeof read !== "object" || read === null || seen.has(read)) return read;
  seen.add(read);
  const prototype: unknown = Object.getPrototypeOf(read);
  if (prototype === null) Reflect.setPrototypeOf(read, Object.prototype);
  else if (Array.isArray(read)) {
    if (!(read instanceof Object)) Reflect.setPrototypeOf(read, Array.prototype);
  } else if (prototype !== Object.prototype) return read;
  for (const value of Object.values(read)) usualRows(value, seen);
  return read;
}

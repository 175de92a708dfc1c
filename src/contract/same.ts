import { DEPTH_MAX } from "./plain.ts";

/**
 * Tells whether two values are the same JSON. A value that JSON cannot carry equals nothing, nor
 * does one that nests deeper than a payload may.
 */
export function isSameJson(a: unknown, b: unknown, depth = 0): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null)
    return a === b && typeof a !== "bigint" && typeof a !== "function";
  if (depth > DEPTH_MAX) return false;
  const deeper = depth + 1;
  if (Array.isArray(a))
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, i) => isSameJson(item, b[i], deeper))
    );
  if (!isRecord(a) || !isRecord(b)) return false;
  const [keys, others] = [keysOf(a), keysOf(b)];
  return keys.length === others.length && keys.every((key) => isSameJson(a[key], b[key], deeper));
}

/** Tells whether an object is a plain one, such as JSON makes. */
export function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A key whose value is undefined does not travel. */
function keysOf(value: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}

/**
 * Returns a promise of this realm for a value that has to be awaited. That of another realm, such
 * as one that Node makes within Jest, is not an instance of `Promise` here; a query builder runs
 * once its `then` is called.
 */
export function adopt<T>(value: T | PromiseLike<T>): T | Promise<T> {
  if (value instanceof Promise) return value;
  return isThenable(value) ? new Promise<T>((resolve) => resolve(value)) : value;
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (typeof value !== "object" || value === null) return false;
  return "then" in value && typeof value.then === "function";
}

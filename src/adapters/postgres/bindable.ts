import { types } from "node:util";

/**
 * Writes objects in a value as JSON, as `pg` does. A value that cannot be written then fails before
 * anything is sent: where `pg` finds it, it closes the prepared statement on the server, and later
 * uses on that connection fail.
 */
export function bindable(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(bindable);
  // What `pg` writes in a way of its own.
  if (ArrayBuffer.isView(value) || types.isDate(value) || "toPostgres" in value) return value;
  return JSON.stringify(value) ?? null;
}

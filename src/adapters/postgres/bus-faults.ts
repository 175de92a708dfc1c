import { sqlState } from "./errors.ts";

/** Whether the schema, a table or a function of the bus is gone. */
export function isGone(error: unknown): boolean {
  return ["3F000", "42P01", "42883"].includes(sqlState(error) ?? "");
}

/** Whether the server refuses the statement because of its values: a data error, or a limit. */
export function isEventsFault(error: unknown): boolean {
  return /^(22|54)/.test(sqlState(error) ?? "");
}

import { printable } from "./printable.ts";

/**
 * `payment.authorized` for version 1, which is no news; later versions are named. Safe on a
 * terminal.
 */
export function shortType(type: string): string {
  return printable(type).replace(/\.v1$/, "");
}

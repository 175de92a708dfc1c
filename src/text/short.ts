import { printable } from "./printable.ts";

/**
 * Shortens an event type: `payment.authorized` for `payment.authorized.v1`. Keeps later versions.
 * The result is safe on a terminal.
 */
export function shortType(type: string): string {
  return printable(type).replace(/\.v1$/, "");
}

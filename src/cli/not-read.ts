import { printable } from "../text/printable.ts";

const SHOWN_MAX = 8;

/** Names the services of a choreography whose databases are not read; empty if all are. */
export function notReadText(services: readonly string[]): string {
  if (services.length === 0) return "";
  const shown = services.slice(0, SHOWN_MAX).map(printable).join(", ");
  const more = services.length - SHOWN_MAX;
  return `not read: ${shown}${more > 0 ? `, and ${more} more` : ""}`;
}

/** Says what follows from that, as a line of text. */
export function notReadLines(services: readonly string[]): readonly string[] {
  if (services.length === 0) return [];
  return [`${notReadText(services)}. Name their databases: what they have done is not known.`];
}

import type { ErrorEntry } from "./entry.ts";

/** Deliveries that wait for a person. */
export const PARKED_CODES = {
  NOT_PARKED: {
    delivery: "none",
    meaning: "Only a parked delivery can be retried; this one does not exist or is not parked.",
    hint: "List them with `odori parked list`.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

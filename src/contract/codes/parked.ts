import type { ErrorEntry } from "./entry.ts";

/** Deliveries that wait for a person. */
export const PARKED_CODES = {
  NOT_PARKED: {
    delivery: "none",
    meaning: "Only a parked delivery can be retried; this one does not exist or is not parked.",
    hint: "List them with `odori parked list`.",
  },
  NOT_UNHEARD: {
    delivery: "none",
    meaning:
      "Only an event that some service hears and has no row of is published again; the saga has " +
      "none of them.",
    hint: "See what it waits for with `odori trace <saga>`.",
  },
  EVENT_NOT_KEPT: {
    delivery: "none",
    meaning:
      "An event is to be published again, and no database has its payload: outboxes forget an " +
      "event once the bus has confirmed it.",
    hint: "Pass the payload to the command: `odori republish <saga> --payload <json>`.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

import type { ErrorEntry } from "./entry.ts";

/** What arrives from a bus, a file or a request. */
export const MESSAGE_CODES = {
  MESSAGE_MALFORMED: {
    delivery: "final",
    meaning: "A message is not a CloudEvent of a saga.",
    hint: "Look at the parked message, and correct the program that publishes to the topic.",
  },
  NUMBER_INEXACT: {
    delivery: "final",
    meaning: "A message has a number that JavaScript would change, such as a 64-bit id.",
    hint: "Let the producer send it as text. The message is kept as it was received.",
  },
  PAYLOAD_REFUSED: {
    delivery: "final",
    meaning:
      "A message's payload has U+0000, a lone surrogate, a key `__proto__`, or nests too deeply.",
    hint: "Let the producer leave it out. The message is kept as it was received.",
  },
  MESSAGE_TOO_LARGE: {
    delivery: "final",
    meaning: "A message from the bus has more bytes than Odori reads.",
    hint: "Send keys instead of whole entities.",
  },
  UNKNOWN_TYPE: {
    delivery: "final",
    meaning: "A delivery belongs to an event or a reaction that the service does not declare.",
    hint: "Declare the reaction under its earlier name, or discard the delivery.",
  },
  SOURCE_UNKNOWN: {
    delivery: "final",
    meaning: "An event comes from a source that may not emit it, as `owners` of `start` say.",
    hint:
      "Deploy the new owners and `odori parked retry --all --code SOURCE_UNKNOWN`, if the source " +
      "is right. Else find who publishes it, and discard it.",
  },
  DUPLICATE_DELIVERY: {
    delivery: "uncounted",
    meaning: "One batch holds the same delivery twice.",
    hint: "Nothing: the batch is rolled back and its deliveries are handled one by one.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

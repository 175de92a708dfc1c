import type { ErrorEntry } from "./entry.ts";

/** Contracts, and the payloads that they describe. */
export const CONTRACT_CODES = {
  NAME_GRAMMAR: {
    delivery: "none",
    meaning: "The name of an event, a service or a choreography breaks the grammar of names.",
    hint: "Write `domain.fact.v1` for an event and `snake_case` for the others.",
  },
  SCHEMA_UNUSABLE: {
    delivery: "none",
    meaning: "A schema is not a Standard Schema, cannot be compiled, or validates asynchronously.",
    hint: "Use zod, valibot, arktype, or `jsonSchema()` of `odori/json-schema`.",
  },
  PAYLOAD_INVALID: {
    delivery: "final",
    meaning: "A payload does not fit the schema of its contract.",
    hint: "Correct the emitter, or widen the schema. Then retry what is parked.",
  },
  PAYLOAD_NOT_JSON: {
    delivery: "final",
    meaning: "A payload holds a value that JSON cannot carry, such as a Date, a Map or NaN.",
    hint: "Turn the value into text, a number or a plain object.",
  },
  PAYLOAD_CHANGES: {
    delivery: "final",
    meaning: "No JSON parses to what the schema of an emitted payload has yielded.",
    hint: "Let the schema accept its own yield, or make random values before the call.",
  },
  PAYLOAD_TOO_LARGE: {
    delivery: "final",
    meaning: "An emitted event has more bytes than a message or the broker allows.",
    hint: "Send keys instead of whole entities.",
  },
  ATTRIBUTE_INVALID: {
    delivery: "final",
    meaning: "An attribute of an envelope, such as `sagaId`, is empty, too long or not printable.",
    hint: "Use printable text of 1 to 256 characters.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

import type { ErrorEntry } from "./entry.ts";

/** The declarations of services. */
export const DECLARATION_CODES = {
  DECLARATION_INVALID: {
    delivery: "none",
    meaning: "An event, a service or a choreography contradicts itself.",
    hint: "The message names the declaration; correct it.",
  },
  REACTION_NAME_TAKEN: {
    delivery: "none",
    meaning: "Two reactions of one service have the same name.",
    hint: "Give one of them a `name`, and keep it: the name is part of the inbox key.",
  },
  NAME_NEEDED: {
    delivery: "none",
    meaning: "A reaction to several events, or a join, has no name.",
    hint: "Give it a `name`, and keep it: the name is part of the inbox key.",
  },
  UNKNOWN_EFFECT: {
    delivery: "none",
    meaning: "An undo names an effect that its service does not have.",
    hint: "Declare the step first, and name an event that it emits on success.",
  },
  DURATION_INVALID: {
    delivery: "retryable",
    meaning: "A duration is unreadable, not positive, or longer than ten years.",
    hint: 'Write `"30s"`, `"15m"`, `"PT15M"`, or whole milliseconds from 1.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

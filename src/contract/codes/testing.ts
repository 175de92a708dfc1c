import type { ErrorEntry } from "./entry.ts";

/** The testing kit, `odori/testing`. */
export const TESTING_CODES = {
  EXPECTATION_UNMET: {
    delivery: "none",
    meaning: "A saga or a service in a test is not as the test expects.",
    hint: "The message shows the steps of the saga.",
  },
  NOT_REACHED: {
    delivery: "none",
    meaning: "A test waits for an event, and nothing is left that could happen.",
    hint: "The message shows the steps of the saga; see where it stands still.",
  },
  NOT_HEARD: {
    delivery: "none",
    meaning: "A test hands an event to services of which none hears it or begins with it.",
    hint: "Name an event that the service declares.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

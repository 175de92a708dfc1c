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
  SIMULATION_FAILED: {
    delivery: "none",
    meaning: "A simulation has found a run that goes wrong.",
    hint: "The message shows the run, and how to repeat it.",
  },
  SIMULATION_MISSING: {
    delivery: "none",
    meaning: "A module exports no simulation, or several and none as default.",
    hint: "Export one as default: `export default simulation(choreography, { given })`.",
  },
  GIVEN_INVALID: {
    delivery: "none",
    meaning: "`given` of a simulation has thrown, or returns a promise.",
    hint: "Draw the data and call `begin` before it returns, and let nothing of it fail.",
  },
  PGLITE_MISSING: {
    delivery: "none",
    meaning: "A simulation of Postgres handlers needs packages that are not installed.",
    hint: "Run `npm install --save-dev @electric-sql/pglite pg`.",
  },
  FAULT_INVALID: {
    delivery: "none",
    meaning: "What was asked of `odori dev` is not a fault.",
    hint: "Use throw, park, delay, twice, hold or kill, and a service that runs.",
  },
  FAULT_INJECTED: {
    delivery: "retryable",
    meaning: "A handler failed because `odori dev` was asked for it.",
    hint: "It passes with its next attempt. `clear` removes the other faults.",
  },
  SCHEDULE_INVALID: {
    delivery: "none",
    meaning:
      "A text is not a schedule of a simulation, or names a decision that the run does not take.",
    hint: "Pass the text that a simulation has printed for this code.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

import type { ErrorEntry } from "./entry.ts";

/** Replies of the console. */
export const CONSOLE_CODES = {
  HOST_REFUSED: {
    delivery: "none",
    meaning:
      "A request to the console names a host that is not on its list. A page of others could " +
      "otherwise reach it under a name of its own (DNS rebinding).",
    hint: "Open the address that the console has printed, or add the host: `--host <name>`.",
  },
  ORIGIN_REFUSED: {
    delivery: "none",
    meaning:
      "A request that would change something does not come from the console's own page, is not " +
      "JSON, or lacks the header `odori-console: 1`.",
    hint: "Use the page, or `odori parked` in a script.",
  },
  NOT_ALLOWED: {
    delivery: "none",
    meaning: "The console only reads, or does not allow this action.",
    hint: "Start it with `--allow retry,discard`.",
  },
  QUERY_INVALID: {
    delivery: "none",
    meaning: "A query or the body of a request to the console is not as its API says.",
    hint: "Correct what the message names.",
  },
  CONSOLE_BUSY: {
    delivery: "none",
    meaning: "The console has as many open streams, or running jobs, as it takes.",
    hint: "Close other pages, or wait for the jobs to end.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

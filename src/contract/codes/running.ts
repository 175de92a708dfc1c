import type { ErrorEntry } from "./entry.ts";

/** A running service. */
export const RUNNING_CODES = {
  PERMANENT: {
    delivery: "final",
    meaning: "A handler threw `PermanentError`: a retry cannot help.",
    hint: "Remove the cause, then `odori parked retry` or `odori parked discard`.",
  },
  RETRY_AFTER: {
    delivery: "retryable",
    meaning:
      "A handler threw `RetryAfter`: the next attempt follows after the delay that it names.",
    hint: "Nothing, unless the delivery is parked in the end: then look at the cause.",
  },
  HANDLER_FAILED: {
    delivery: "retryable",
    meaning: "A handler threw an error without a code.",
    hint: "Look at the stack that is kept with the delivery.",
  },
  HANDLER_SLOW: {
    delivery: "uncounted",
    meaning: "A handler held up its commit group, so the delivery runs again by itself.",
    hint: "Nothing. The handler's `signal` was aborted with this error.",
  },
  HANDLER_TIMEOUT: {
    delivery: "retryable",
    meaning: "A handler took longer than `handlerTimeoutMs`; its transaction is rolled back.",
    hint: "Pass `signal` to each call that waits, or raise `handlerTimeoutMs`.",
  },
  UNDECLARED_OUTCOME: {
    delivery: "final",
    meaning: "A handler returned an outcome that its reaction does not declare.",
    hint: "Declare the outcome in `emits` or `fails`, or return another one.",
  },
  CRASHED: {
    delivery: "final",
    meaning: "Three processes that handled a delivery ended without an outcome.",
    hint: "Find what ends the process, such as too little memory, then retry the delivery.",
  },
  FENCE_FORGOTTEN: {
    delivery: "final",
    meaning: "A saga is older than `retentionMs`, and what it did in the service is forgotten.",
    hint: "Look at the business data; retry a step that was not done, or discard the delivery.",
  },
  OUTBOX_FULL: {
    delivery: "none",
    meaning: "`outboxMax` events wait for the bus, so `begin` refuses a new saga.",
    hint: "Try again later. If it lasts, see whether the bus is reachable and consumers keep up.",
  },
  WAIT_TIMEOUT: {
    delivery: "none",
    meaning: "A saga had no end in the time for which `waitFor` waits. The saga goes on.",
    hint: "Ask `status` later, or wait longer; `odori trace` shows where the saga stands.",
  },
  WAITERS_FULL: {
    delivery: "none",
    meaning: "Too many calls of `waitFor` wait at once in one process.",
    hint: "Answer at once, and let the caller ask for the `status` later.",
  },
  STOPPED: {
    delivery: "none",
    meaning: "The service or its store is not open.",
    hint: "Call `begin` between `start` and `stop`.",
  },
  EFFECT_UNKNOWN: {
    delivery: "final",
    meaning: "An undo found effects in its saga that no reaction of the service declares.",
    hint: "Deploy a declaration with `was` for the effect, then retry what is parked.",
  },
  DEPLOYMENT_HAZARD: {
    delivery: "none",
    meaning: "The declaration does not find state that earlier versions left for sagas in flight.",
    hint: "The message names each part and its rows; say `was`, or accept it in `retired`.",
  },
  RETENTION_TOO_SHORT: {
    delivery: "none",
    meaning: "The bus or a deadline outlasts `retentionMs`, after which a saga is forgotten.",
    hint: "Raise `retentionMs` above the retention of the bus and each deadline.",
  },
  OPTION_INVALID: {
    delivery: "none",
    meaning: "An option has a value that it cannot have.",
    hint: "The message names the option and its values.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

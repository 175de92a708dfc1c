/**
 * Where a process can die between receiving a message and being done with it, in order. Nothing may
 * be lost or doubled at any of them: the crash tests kill the process at each.
 */
export const CRASH_POINTS = [
  /** The bus has handed over a message, or a caller has asked to begin a saga. */
  "received",
  /** The transaction is open. */
  "opened",
  /** Inbox and fence have been looked up. */
  "looked_up",
  /** A handler has returned; its business rows are written, but not committed. */
  "handled",
  /** Inbox, fence and outbox rows are written, but not committed. */
  "written",
  "committed",
  /** The bus knows that the message need not come again. */
  "acknowledged",
  /** The bus has confirmed the emitted events; their outbox rows still exist. */
  "published",
  /** The outbox rows are deleted. */
  "confirmed",
] as const;

/** One of `CRASH_POINTS`. */
export type CrashPoint = (typeof CRASH_POINTS)[number];

/**
 * Called at every crash point, synchronously: a test kills the process in it, a simulator decides
 * what happens next.
 */
export type Probe = (point: CrashPoint) => void;

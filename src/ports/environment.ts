import { randomUUID } from "node:crypto";

/** Time and randomness. The runtime has no other source of them, so a simulator can own both. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** A number from 0 to below 1. */
  random(): number;
  /** A UUID that is unique over all processes. */
  uuid(): string;
  /** Runs `work` once after `delayMs`, unless the returned function is called before. */
  timer(delayMs: number, work: () => void): () => void;
  /**
   * Resolves once timers and sockets have had their turn. A virtual environment has none of them.
   * @default a turn of the event loop
   */
  turn?(): Promise<void>;
}

/**
 * The system's clock and randomness. Its timers keep the process alive. Each call looks the clock
 * up again, so that a test's fake clock is seen that replaces `Date` later.
 */
export const systemEnvironment: Environment = {
  now: () => Date.now(),
  random: () => Math.random(),
  uuid: randomUUID,
  timer(delayMs, work) {
    const handle = setTimeout(work, delayMs);
    return () => clearTimeout(handle);
  },
};

/** Settles with `work`, or resolves after `limitMs`, whichever happens first. */
export function atMost(
  environment: Environment,
  limitMs: number,
  work: Promise<unknown>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = environment.timer(limitMs, resolve);
    work.then(() => resolve(), reject).finally(cancel);
  });
}

import { randomUUID } from "node:crypto";

/** Time and chance. The runtime takes both from here alone, so that a simulator can own them. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** At least 0, below 1. */
  random(): number;
  uuid(): string;
  /**
   * Runs `work` once after `delayMs`; the function returned takes that back. A timer keeps its
   * process alive.
   */
  timer(delayMs: number, work: () => void): () => void;
}

export const systemEnvironment: Environment = {
  now: Date.now,
  random: Math.random,
  uuid: randomUUID,
  timer(delayMs, work) {
    const handle = setTimeout(work, delayMs);
    return () => clearTimeout(handle);
  },
};

/** Resolves with `work`, or after `limitMs` without it, whichever comes first. */
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

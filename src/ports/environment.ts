import { randomUUID } from "node:crypto";

/** Time and chance. The runtime takes both from here alone, so that a simulator can own them. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** At least 0, below 1. */
  random(): number;
  uuid(): string;
  /** Runs `work` once after `delayMs`; the function returned takes that back. A timer keeps no process alive. */
  timer(delayMs: number, work: () => void): () => void;
}

export const systemEnvironment: Environment = {
  now: Date.now,
  random: Math.random,
  uuid: randomUUID,
  timer(delayMs, work) {
    const handle = setTimeout(work, delayMs);
    handle.unref();
    return () => clearTimeout(handle);
  },
};

export function sleep(environment: Environment, delayMs: number): Promise<void> {
  return new Promise((resolve) => environment.timer(delayMs, resolve));
}

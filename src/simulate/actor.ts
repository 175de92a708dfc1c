import { AsyncLocalStorage } from "node:async_hooks";

/** The process in which code of the user runs. */
export interface Actor {
  readonly name: string;
  readonly dead: boolean;
  /** Whether it is another system. That has no context of a handler. @default false */
  readonly isOutside?: boolean;
  /** Milliseconds since 1970, of the run. */
  now(): number;
  random(): number;
  uuid(): string;
  /** Calls another system. */
  call<T>(system: string, effect: () => T): Promise<T>;
  /** A promise of its handlers was rejected, and no code handles it. */
  rejected(reason: unknown): void;
  /** Runs `work` after `delayMs` of virtual time, unless the process has died. */
  timer(delayMs: number, work: () => void): () => void;
}

/** The process whose handler runs. */
export const running = new AsyncLocalStorage<Actor>();

import type { Logger } from "../ports/logger.ts";

/** What a handler may use. Time and chance come from here, so that a simulator can own them. */
export interface Context<Native> {
  /**
   * The open transaction: what is written through it commits together with the inbox, the fence and
   * the outbox.
   */
  readonly tx: Native;
  now(): Date;
  /** At least 0, below 1. */
  random(): number;
  uuid(): string;
  readonly log: Logger;
  /** Aborted when the handler has run out of time; pass it to whatever waits. */
  readonly signal: AbortSignal;
  /** 1 for the first time, 2 for the first retry. */
  readonly attempt: number;
}

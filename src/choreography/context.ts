import type { Logger } from "../ports/logger.ts";

/**
 * The means of a handler. Time and chance come from here, so that a simulator can control them.
 *
 * @example
 * ```ts
 * import type { Context } from "odori";
 * import type { Sql } from "odori/sqlite";
 *
 * function charge(orderId: string, { tx, now, uuid, log }: Context<Sql>): string {
 *   const paymentId = uuid();
 *   tx.run("INSERT INTO charges VALUES (?, ?, ?)", paymentId, orderId, now().toISOString());
 *   log.info("charged", { orderId });
 *   return paymentId;
 * }
 * ```
 */
export interface Context<Native> {
  /**
   * The open transaction: rows that are written through it commit together with the inbox, the
   * fence and the outbox.
   */
  readonly tx: Native;
  /** Returns the current time. */
  now(): Date;
  /** Returns a number from 0, below 1. */
  random(): number;
  /** Returns a random UUID. */
  uuid(): string;
  /** A logger whose lines carry the service, the reaction, the saga and the attempt. */
  readonly log: Logger;
  /** Aborted after `handlerTimeoutMs`; pass it to each call that waits. */
  readonly signal: AbortSignal;
  /** The number of this attempt, from 1. */
  readonly attempt: number;
}

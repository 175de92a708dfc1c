import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf } from "../contract/errors.ts";
import type { Ticket } from "../ports/bookkeeping.ts";
import type { Bus } from "../ports/bus.ts";
import { atMost, type Environment } from "../ports/environment.ts";
import type { Logger } from "../ports/logger.ts";
import type { Probe } from "./crash-points.ts";
import { backoffMs } from "./retry.ts";

/** Outbox rows that a commit has left behind, to be published now. */
export interface HandOver {
  readonly ticket: Ticket;
  readonly events: readonly EventEnvelope[];
}

/** Pauses while the bus cannot take events. */
const REPUBLISH = { attempts: Number.POSITIVE_INFINITY, firstMs: 20, longestMs: 2_000 };

/**
 * Hands committed outbox rows to the bus, and keeps trying until it has answered or the service
 * stops. Rows that were answered for are deleted with the next commit: until then a crash makes
 * them come again, which the inbox of whoever hears them takes care of.
 */
export class Publisher {
  readonly #bus: Bus;
  readonly #environment: Environment;
  readonly #logger: Logger;
  readonly #probe: Probe;
  readonly #underWay = new Set<Promise<void>>();
  /** Ends the pauses under way. */
  readonly #pausing = new Set<() => void>();
  #answered: Ticket[] = [];
  #stopping = false;
  #failing = false;
  /** Events that the bus has not answered for. */
  pending = 0;

  constructor(bus: Bus, environment: Environment, logger: Logger, probe: Probe) {
    this.#bus = bus;
    this.#environment = environment;
    this.#logger = logger;
    this.#probe = probe;
  }

  publish(handOver: HandOver): void {
    const publishing = this.#untilAnswered(handOver).finally(() =>
      this.#underWay.delete(publishing),
    );
    this.#underWay.add(publishing);
  }

  /** Tickets to delete with the next commit. */
  takeAnswered(): readonly Ticket[] {
    const answered = this.#answered;
    if (answered.length > 0) this.#answered = [];
    return answered;
  }

  get answered(): number {
    return this.#answered.length;
  }

  /** The commit did not happen: they are still to be deleted. */
  putBack(tickets: readonly Ticket[]): void {
    this.#answered.push(...tickets);
  }

  /**
   * Gives up on what the bus refuses from now on, and waits for what it has taken, at most so long.
   * The rest stays in the outbox.
   */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    for (const wake of this.#pausing) wake();
    await atMost(this.#environment, timeoutMs, Promise.all(this.#underWay));
  }

  async #untilAnswered({ ticket, events }: HandOver): Promise<void> {
    this.pending += events.length;
    try {
      for (let attempt = 1; ; attempt++) {
        const error = await this.#try(events);
        if (error === undefined) break;
        if (this.#stopping) return;
        this.#report(error);
        await this.#pause(backoffMs(REPUBLISH, Math.min(attempt, 16), this.#environment.random()));
        if (this.#stopping) return;
      }
      this.#failing = false;
      this.#answered.push(ticket);
      this.#probe("published");
    } finally {
      this.pending -= events.length;
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.#pausing.delete(wake);
        resolve();
      };
      const cancel = this.#environment.timer(delayMs, wake);
      this.#pausing.add(wake);
    });
  }

  async #try(events: HandOver["events"]): Promise<unknown> {
    try {
      await this.#bus.publish(events);
      return undefined;
    } catch (error) {
      return error ?? new Error("the bus refused without a reason");
    }
  }

  #report(error: unknown): void {
    // Services that start together miss each other for a moment; that is no news, and no outage
    // either.
    const away = codeOf(error) === "GROUP_AWAY";
    const level = this.#failing || away ? "debug" : "warn";
    this.#failing ||= !away;
    this.#logger[level](
      "the bus did not take an event; it stays in the outbox and is published again",
      { code: codeOf(error), error },
    );
  }
}

import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, OdoriError } from "../contract/errors.ts";
import type { OutboxRows, Ticket } from "../ports/bookkeeping.ts";
import type { Bus, PublishResult } from "../ports/bus.ts";
import { atMost, type Environment } from "../ports/environment.ts";
import type { Logger } from "../ports/logger.ts";
import { Answers, type OutboxChanges } from "./answers.ts";
import type { Probe } from "./crash-points.ts";
import { type PendingRow, type Refusal, Refusals, type RefusedEvents } from "./refusals.ts";
import { backoffMs } from "./retry.ts";

/** Outbox rows that a commit has left behind, to be published now. */
export type HandOver = OutboxRows;

export interface PublisherParts {
  readonly bus: Bus;
  readonly environment: Environment;
  readonly logger: Logger;
  readonly probe: Probe;
  /** How many refused events are kept in memory; further ones stay in the outbox alone. */
  readonly refusedMax: number;
}

/** Pauses while the bus cannot take events. */
const REPUBLISH = { attempts: Number.POSITIVE_INFINITY, firstMs: 20, longestMs: 2_000 };
/** The bus knows nothing of the event: it waits, and does not count as refused. */
const UNANSWERED: readonly string[] = ["BUS_UNAVAILABLE", "BUS_CLOSED"];

type Answer = "accepted" | "unanswered" | { readonly refused: unknown };

/**
 * Publishes committed outbox rows until the bus has answered for each event. An accepted event is
 * not published again. A refused one is set aside and retried alone. The next commit deletes the
 * rows whose events are all accepted, and reduces the others to the rest.
 */
export class Publisher {
  readonly #parts: PublisherParts;
  readonly #refusals: Refusals;
  readonly #answers = new Answers();
  readonly #underWay = new Set<Promise<void>>();
  /** Ends the pauses under way. */
  readonly #pausing = new Set<() => void>();
  /** Rows with events that are kept in the outbox alone, until there is room for them. */
  #left: Ticket[] = [];
  /** How many events the bus has accepted: tells a refused event from a bus that is away. */
  #accepted = 0;
  #stopping = false;
  #failing = false;
  /** Events that the bus has neither accepted nor refused. */
  pending = 0;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    const { environment, logger } = parts;
    const again = (due: readonly Refusal[]) => this.#track(this.#publishAgain(due));
    this.#refusals = new Refusals({ environment, logger, again });
  }

  publish({ ticket, events }: HandOver): void {
    this.#track(this.#untilAnswered({ ticket, rest: events }));
  }

  /** The events that the bus refuses. */
  get refused(): RefusedEvents {
    const report = this.#refusals.report();
    return { ...report, count: report.count + this.#left.length };
  }

  /** Takes what the next commit writes; then call `written` or `putBack`. */
  takeAnswers(): OutboxChanges {
    return this.#answers.take();
  }

  /** How many changes of the outbox wait for a commit. */
  get answered(): number {
    return this.#answers.count;
  }

  written(changes: OutboxChanges): void {
    this.#answers.written(changes);
  }

  /** The commit did not happen: the changes are still to be written. */
  putBack(changes: OutboxChanges): void {
    this.#answers.putBack(changes);
  }

  /**
   * Publishes nothing again, and waits up to `timeoutMs` for the answers under way. The rest stays
   * in the outbox.
   */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    this.#refusals.stop();
    for (const wake of this.#pausing) wake();
    await atMost(this.#parts.environment, timeoutMs, Promise.all(this.#underWay));
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  async #untilAnswered(row: PendingRow): Promise<void> {
    const { environment } = this.#parts;
    let events = row.rest;
    this.pending += events.length;
    const before = this.#accepted;
    for (let attempt = 1; events.length > 0; attempt++) {
      const answers = await this.#ask(events, before);
      const unanswered = events.filter((_, i) => answers[i] === "unanswered");
      this.pending -= events.length - unanswered.length;
      this.#settle(row, events, answers);
      events = unanswered;
      if (events.length === 0) return;
      if (!this.#stopping)
        await this.#pause(backoffMs(REPUBLISH, Math.min(attempt, 16), environment.random()));
      if (this.#stopping) {
        this.pending -= events.length;
        return;
      }
    }
  }

  #settle(row: PendingRow, events: readonly EventEnvelope[], answers: readonly Answer[]): void {
    for (const [i, event] of events.entries()) {
      const answer = answers[i];
      if (typeof answer === "object") this.#refuse(row, event, answer.refused);
    }
    this.#accept(
      row,
      events.filter((_, i) => answers[i] === "accepted"),
    );
    this.#takeUpLeft();
  }

  #refuse(row: PendingRow, event: EventEnvelope, error: unknown): void {
    if (this.#refusals.count < this.#parts.refusedMax) this.#refusals.add(row, event, error);
    else this.#left.push(row.ticket);
  }

  #accept(row: PendingRow, accepted: readonly EventEnvelope[]): void {
    if (accepted.length === 0) return;
    this.#failing = false;
    const all = accepted.length === row.rest.length;
    row.rest = all ? [] : row.rest.filter((event) => !accepted.includes(event));
    if (row.rest.length > 0) this.#answers.reduce(row.ticket, row.rest);
    else {
      this.#answers.confirm(row.ticket);
      this.#parts.probe("published");
    }
  }

  async #publishAgain(due: readonly Refusal[]): Promise<void> {
    const events = due.map(({ event }) => event);
    const answers = await this.#ask(events, 0);
    const accepted = due.filter((_, i) => answers[i] === "accepted");
    for (const [i, refusal] of due.entries()) {
      const answer = answers[i];
      if (answer === "accepted") this.#accept(refusal.row, [refusal.event]);
      else {
        const error = typeof answer === "object" ? answer.refused : refusal.error;
        this.#refusals.refused(refusal, error);
      }
    }
    this.#refusals.accepted(accepted);
    this.#takeUpLeft();
  }

  /** Once there is room, the relay claims rows that were kept in the outbox alone. */
  #takeUpLeft(): void {
    const { refusedMax } = this.#parts;
    if (this.#left.length === 0 || this.#refusals.count * 2 > refusedMax) return;
    const rows = new Set(this.#left.splice(0, Math.ceil(refusedMax / 2)));
    for (const ticket of rows) this.#answers.release(ticket);
  }

  /**
   * Publishes events. If the bus rejects them all although it has accepted others since `before`,
   * each is published by itself: then the error is the event's.
   */
  async #ask(events: readonly EventEnvelope[], before: number): Promise<readonly Answer[]> {
    try {
      const results = await this.#parts.bus.publish(events);
      const answers = events.map((_, i) => answerOf(results, i));
      for (const answer of answers) if (answer === "accepted") this.#accepted++;
      const lost = answers.indexOf("unanswered");
      if (lost >= 0) this.#report(errorOf(results[lost]));
      return answers;
    } catch (error) {
      const away = this.#accepted === before || UNANSWERED.includes(codeOf(error));
      if (!away && events.length > 1) {
        const each = await Promise.all(events.map((event) => this.#ask([event], before)));
        return each.flat();
      }
      if (away) this.#report(error);
      return events.map(() => (away ? "unanswered" : { refused: error }));
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.#pausing.delete(wake);
        resolve();
      };
      const cancel = this.#parts.environment.timer(delayMs, wake);
      this.#pausing.add(wake);
    });
  }

  #report(error: unknown): void {
    if (this.#stopping) return;
    const level = this.#failing ? "debug" : "warn";
    this.#failing = true;
    this.#parts.logger[level](
      "the bus cannot be used; events stay in the outbox and are published again",
      { code: codeOf(error), error },
    );
  }
}

/** A bus without types may resolve to nothing: then it has accepted every event. */
function answerOf(results: readonly PublishResult[] | undefined, index: number): Answer {
  if (results === undefined) return "accepted";
  const result = results[index];
  if (result?.accepted === true) return "accepted";
  const error = errorOf(result);
  return UNANSWERED.includes(codeOf(error)) ? "unanswered" : { refused: error };
}

function errorOf(result: PublishResult | undefined): unknown {
  if (result?.accepted === false) return result.error;
  return new OdoriError("BUS_UNAVAILABLE", "The bus has not answered for an event.");
}

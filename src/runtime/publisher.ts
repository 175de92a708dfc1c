import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, OdoriError } from "../contract/errors.ts";
import type { OutboxRows, Ticket } from "../ports/bookkeeping.ts";
import type { Bus, PublishResult } from "../ports/bus.ts";
import { isUnanswered } from "../ports/connection.ts";
import { atMost, type Environment } from "../ports/environment.ts";
import type { Logger } from "../ports/logger.ts";
import type { ServiceWatch } from "../ports/telemetry.ts";
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
  readonly watch: ServiceWatch | undefined;
}

/** Pauses while the bus cannot take events. */
const REPUBLISH = { attempts: Number.POSITIVE_INFINITY, firstMs: 20, longestMs: 2_000 };

/**
 * What the bus says of one event. `rejected`: the call failed with an error that may belong to
 * another event of the call, or to the broker.
 */
type Answer =
  | "accepted"
  | "unanswered"
  | { readonly refused: unknown }
  | { readonly rejected: unknown };

/**
 * Publishes committed outbox rows until the bus has confirmed each event. An accepted event is
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
  /** How many events the bus has accepted: tells whether it works. */
  #accepted = 0;
  #stopping = false;
  /** Counts how often this process had to give up its rows. */
  #given = 0;
  /** Why the bus takes no events; undefined: it replied to the last ones. */
  problem: unknown;
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
   * Publishes nothing again of what it has in hand: another process may have it. What is still
   * this process's own is left to the next claim.
   */
  giveUp(): void {
    this.#given++;
    for (const wake of this.#pausing) wake();
    for (const { row } of this.#refusals.clear()) this.#answers.release(row.ticket);
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
    const over = () => void this.#underWay.delete(tracked);
    const tracked = work.then(over, (error: unknown) => {
      over();
      throw error;
    });
    this.#underWay.add(tracked);
  }

  async #untilAnswered(row: PendingRow): Promise<void> {
    const { environment } = this.#parts;
    let events = row.rest;
    this.pending += events.length;
    const before = this.#accepted;
    const given = this.#given;
    let apart = false;
    for (let attempt = 1; events.length > 0; attempt++) {
      const answers: readonly Answer[] = apart
        ? await this.#askApart(events, attempt, before)
        : await this.#ask(events);
      this.#settle(row, events, answers);
      const open = events.filter((_, i) => isOpen(answers[i]));
      this.pending -= events.length - open.length;
      apart = answers.some(isRejected);
      events = open;
      if (events.length > 0 && !this.#stopping && given === this.#given)
        await this.#pause(backoffMs(REPUBLISH, Math.min(attempt, 16), environment.random()));
      if (this.#stopping) break;
      if (given === this.#given || events.length === 0) continue;
      this.#answers.release(row.ticket);
      break;
    }
    this.pending -= events.length;
  }

  #settle(row: PendingRow, events: readonly EventEnvelope[], answers: readonly Answer[]): void {
    for (const [i, event] of events.entries()) {
      const answer = answers[i];
      if (isRefused(answer)) this.#refuse(row, event, answer.refused);
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
    let answers = await this.#ask(events);
    if (events.length > 1 && answers.some(isRejected)) answers = await this.#askEach(events);
    const accepted = due.filter((_, i) => answers[i] === "accepted");
    for (const [i, refusal] of due.entries()) {
      const answer = answers[i];
      if (answer === "accepted") this.#accept(refusal.row, [refusal.event]);
      else this.#refusals.refused(refusal, isRefused(answer) ? answer.refused : refusal.error);
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

  async #ask(events: readonly EventEnvelope[]): Promise<readonly Answer[]> {
    const { bus } = this.#parts;
    const watch = this.#parts.watch?.publishing(events);
    try {
      const results = await (watch?.run(() => bus.publish(events)) ?? bus.publish(events));
      const answers = events.map((_, i) => answerOf(results, i));
      watch?.ended(
        events.map((_, i) => (answers[i] === "accepted" ? undefined : errorOf(results?.[i]))),
      );
      for (const answer of answers) if (answer === "accepted") this.#accepted++;
      const lost = answers.indexOf("unanswered");
      if (lost >= 0) this.#report(errorOf(results[lost]));
      else this.#works();
      return answers;
    } catch (error) {
      watch?.ended(events.map(() => error));
      this.#report(error);
      const away = isUnanswered(codeOf(error));
      return events.map(() => (away ? "unanswered" : { rejected: error }));
    }
  }

  async #askEach(events: readonly EventEnvelope[]): Promise<readonly Answer[]> {
    return (await Promise.all(events.map((event) => this.#ask([event])))).flat();
  }

  /**
   * Publishes each event by itself, after the bus has rejected a call with all of them. First one
   * alone, to see whether the bus works. If it does, or has accepted others since `before`, a
   * rejection is about the event.
   */
  async #askApart(
    events: readonly EventEnvelope[],
    attempt: number,
    before: number,
  ): Promise<readonly Answer[]> {
    const at = attempt % events.length;
    const [first = "unanswered"] = await this.#askEach(events.slice(at, at + 1));
    const others = events.toSpliced(at, 1);
    const works = this.#accepted !== before;
    if (!works && others.length > 0 && isOpen(first)) return events.map(() => first);
    const answers = (await this.#askEach(others)).toSpliced(at, 0, first);
    if (this.#accepted === before) return answers;
    this.#works();
    return answers.map((one) => (isRejected(one) ? { refused: one.rejected } : one));
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

  #works(): void {
    if (this.problem === undefined) return;
    this.problem = undefined;
    if (!this.#stopping) this.#parts.logger.info("the bus takes events again");
  }

  #report(error: unknown): void {
    const level = this.problem === undefined ? "warn" : "debug";
    this.problem = error;
    if (this.#stopping) return;
    this.#parts.logger[level](
      "the bus cannot be used; events stay in the outbox and are published again",
      { code: codeOf(error), error },
    );
  }
}

function isRejected(answer: Answer | undefined): answer is { readonly rejected: unknown } {
  return typeof answer === "object" && "rejected" in answer;
}

function isRefused(answer: Answer | undefined): answer is { readonly refused: unknown } {
  return typeof answer === "object" && "refused" in answer;
}

/** Whether the event waits for another attempt. */
function isOpen(answer: Answer | undefined): boolean {
  return answer === undefined || answer === "unanswered" || isRejected(answer);
}

/** A bus without types may resolve to nothing: then it has accepted every event. */
function answerOf(results: readonly PublishResult[] | undefined, index: number): Answer {
  if (results === undefined) return "accepted";
  const result = results[index];
  if (result?.accepted === true) return "accepted";
  const error = errorOf(result);
  return isUnanswered(codeOf(error)) ? "unanswered" : { refused: error };
}

function errorOf(result: PublishResult | undefined): unknown {
  if (result?.accepted === false) return result.error;
  return new OdoriError("BUS_UNAVAILABLE", "The bus has not confirmed an event.");
}

import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, messageOf } from "../contract/errors.ts";
import type { Environment } from "../ports/environment.ts";
import type { Logger } from "../ports/logger.ts";
import { backoffMs } from "./retry.ts";

/** Events that the bus refuses while it accepts others. They stay in the outbox. */
export interface RefusedEvents {
  readonly count: number;
  /** How many there are for each error code; the rarest codes are left out beyond ten. */
  readonly codes: Readonly<Record<string, number>>;
  /** The one that was refused first; undefined if there is none. */
  readonly oldest: RefusedEvent | undefined;
}

/** An event that the bus refuses. */
export interface RefusedEvent {
  readonly type: string;
  readonly sagaId: string;
  readonly code: string;
  /** Why it was refused the last time. */
  readonly reason: string;
  /** When it was refused first, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** A row of the outbox, and those of its events that the bus has not accepted. */
export interface PendingRow {
  readonly ticket: number;
  rest: readonly EventEnvelope[];
}

/** A refused event, until the bus accepts it. */
export interface Refusal {
  readonly row: PendingRow;
  readonly event: EventEnvelope;
  readonly sinceMs: number;
  error: unknown;
  attempts: number;
  dueAt: number;
}

export interface RefusalsParts {
  readonly environment: Environment;
  readonly logger: Logger;
  /** Publishes events that are due again; each is then `accepted` or `refused`. */
  again(due: readonly Refusal[]): void;
}

/** Pauses of a refused event. */
const RETRY = { attempts: Number.POSITIVE_INFINITY, firstMs: 20, longestMs: 10_000 };
/** When an event is due whose answer is awaited. */
const PUBLISHING = Number.POSITIVE_INFINITY;
/** Events that become due within this time are published together. */
const TICK_MS = 20;
const TOGETHER_MAX = 100;
const CODES_MAX = 10;
const REASON_MAX_CHARS = 500;
/** Services of one process that start together miss each other for a moment: not worth a line. */
const AWAY_ATTEMPTS = 8;

/** The refused events of a process: each is retried with a backoff of its own. */
export class Refusals {
  readonly #parts: RefusalsParts;
  /** The oldest first. */
  readonly #refused = new Set<Refusal>();
  /** Types of which a refusal was logged: one line for each type, not for each event. */
  readonly #told = new Set<string>();
  #cancel: (() => void) | undefined;
  #wakesAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(parts: RefusalsParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#refused.size;
  }

  add(row: PendingRow, event: EventEnvelope, error: unknown): void {
    const sinceMs = this.#parts.environment.now();
    this.refused({ row, event, sinceMs, error, attempts: 0, dueAt: 0 }, error);
  }

  /** It was refused, for the first time or again. */
  refused(refusal: Refusal, error: unknown): void {
    this.#refused.add(refusal);
    refusal.error = error;
    refusal.attempts++;
    const { environment } = this.#parts;
    const pauseMs = backoffMs(RETRY, Math.min(refusal.attempts, 16), environment.random());
    refusal.dueAt = environment.now() + pauseMs;
    this.#report(refusal);
    this.#wake(pauseMs);
  }

  /** Others of their types are tried at once: their reason may have gone as well. */
  accepted(refusals: readonly Refusal[]): void {
    if (refusals.length === 0) return;
    for (const refusal of refusals) this.#refused.delete(refusal);
    const types = new Set(refusals.map(({ event }) => event.type));
    const now = this.#parts.environment.now();
    const still = new Set<string>();
    for (const other of this.#refused) {
      if (!types.has(other.event.type)) continue;
      still.add(other.event.type);
      if (other.dueAt !== PUBLISHING) other.dueAt = Math.min(other.dueAt, now);
    }
    if (still.size > 0) this.#wake(0);
    for (const type of types) {
      if (still.has(type) || !this.#told.delete(type)) continue;
      this.#parts.logger.info("the bus takes the events again that it had refused", { type });
    }
  }

  /** Forgets all that wait. Returns them; those whose answer is awaited stay. */
  clear(): readonly Refusal[] {
    const waiting = [...this.#refused].filter(({ dueAt }) => dueAt !== PUBLISHING);
    for (const refusal of waiting) this.#refused.delete(refusal);
    return waiting;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  report(): RefusedEvents {
    const codes = new Map<string, number>();
    for (const { error } of this.#refused)
      codes.set(codeOf(error), (codes.get(codeOf(error)) ?? 0) + 1);
    const most = [...codes].sort(([, a], [, b]) => b - a).slice(0, CODES_MAX);
    const [oldest] = this.#refused;
    return {
      count: this.#refused.size,
      codes: Object.fromEntries(most),
      oldest: oldest && toRefusedEvent(oldest),
    };
  }

  #wake(delayMs: number): void {
    const at = this.#parts.environment.now() + Math.max(delayMs, TICK_MS);
    if (this.#stopped || at >= this.#wakesAt) return;
    this.#cancel?.();
    this.#wakesAt = at;
    this.#cancel = this.#parts.environment.timer(Math.max(delayMs, TICK_MS), () => {
      this.#wakesAt = Number.POSITIVE_INFINITY;
      this.#publishDue();
    });
  }

  #publishDue(): void {
    const now = this.#parts.environment.now();
    const due: Refusal[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const refusal of this.#refused) {
      if (refusal.dueAt <= now) due.push(refusal);
      else next = Math.min(next, refusal.dueAt);
    }
    for (const refusal of due) refusal.dueAt = PUBLISHING;
    for (let from = 0; from < due.length; from += TOGETHER_MAX)
      this.#parts.again(due.slice(from, from + TOGETHER_MAX));
    if (next !== Number.POSITIVE_INFINITY) this.#wake(next - now);
  }

  #report({ event: { type, sagaId }, error, attempts }: Refusal): void {
    if (codeOf(error) === "GROUP_AWAY" && attempts < AWAY_ATTEMPTS) return;
    if (this.#told.has(type)) return;
    this.#told.add(type);
    this.#parts.logger.warn(
      "the bus refuses an event; it stays in the outbox and is published again, alone",
      { type, sagaId, code: codeOf(error), error },
    );
  }
}

function toRefusedEvent({ event: { type, sagaId }, error, sinceMs }: Refusal): RefusedEvent {
  const reason = messageOf(error).slice(0, REASON_MAX_CHARS);
  return { type, sagaId, code: codeOf(error), reason, sinceMs };
}

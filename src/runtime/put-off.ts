import { OdoriError } from "../contract/errors.ts";
import type { Environment } from "../ports/environment.ts";
import type { Task } from "./task.ts";
import { taskKey } from "./task-key.ts";

/**
 * Pause of a delivery that is put off, in milliseconds: twice as long each time, and longer the
 * more there are, so that together they ask the database about 25 times a second.
 */
const PUT_OFF_MS = { first: 250, each: 40, longest: 10_000 } as const;

/** How many deliveries are remembered that were put off. */
const REMEMBERED_MAX = 10_000;
/** One that has not come back by then was done by another process, or will not come. */
const FORGOTTEN_MS = 60_000;

/** Puts a delivery off, without counting an attempt: another transaction is in its way. */
export class PutOffError extends OdoriError {
  /** When it is due again, in milliseconds from now. */
  readonly delayMs: number;

  constructor(delayMs: number) {
    super("STORE_BUSY", "Another transaction holds what the handler needs.", {
      hint: "It is retried; if this persists, look for a long transaction in the database.",
    });
    this.delayMs = delayMs;
  }
}

interface PutOff {
  /** How often the delivery has met another transaction. */
  readonly conflicts: number;
  readonly times: number;
  /** Milliseconds since 1970. */
  readonly dueAt: number;
}

/**
 * Deliveries that this process has put off because of another transaction: how long each waits,
 * and how often it has met one. It only steers the speed, so it may forget.
 */
export class PutOffs {
  /** In the order in which they were put off last. */
  readonly #known = new Map<string, PutOff>();

  /** Conflicts of a deferred delivery; undefined if it was not put off here. */
  conflictsOf(task: Task<unknown>): number | undefined {
    if (!this.#mayKnow(task) || task.receipt.deferred === undefined) return undefined;
    return this.#known.get(taskKey(task))?.conflicts;
  }

  /** Notes that a delivery is put off. */
  add(
    task: Task<unknown>,
    conflicts: number,
    { now, random }: Pick<Environment, "now" | "random">,
  ): PutOffError {
    const key = taskKey(task);
    const times = this.#known.get(key)?.times ?? 0;
    this.#known.delete(key);
    this.#drop(now());
    const { first, each, longest } = PUT_OFF_MS;
    const most = Math.min(longest, Math.max(first * 2 ** times, each * (this.#known.size + 1)));
    // Those that wait for one row come back one by one.
    const delayMs = Math.ceil((most * (1 + random())) / 2);
    this.#known.set(key, { conflicts, times: times + 1, dueAt: now() + delayMs });
    return new PutOffError(delayMs);
  }

  /** The delivery has an outcome. */
  forget(task: Task<unknown>): void {
    if (this.#mayKnow(task)) this.#known.delete(taskKey(task));
  }

  /** What records that a delivery is put off has its receipt, and is not the delivery. */
  #mayKnow({ recover }: Task<unknown>): boolean {
    return this.#known.size > 0 && recover !== undefined;
  }

  #drop(now: number): void {
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    for (const [key, { dueAt }] of this.#known) {
      if (dueAt > now - FORGOTTEN_MS) return;
      this.#known.delete(key);
    }
  }
}

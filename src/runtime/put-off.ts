import { OdoriError } from "../contract/errors.ts";
import type { Receipt } from "../ports/bookkeeping.ts";

/**
 * Pause of a delivery that is put off, in milliseconds: twice as long each time, and longer the
 * more there are, so that together they ask the database about 25 times a second.
 */
const PUT_OFF_MS = { first: 250, each: 40, longest: 10_000 } as const;

/** How many deliveries are remembered that were put off. */
const REMEMBERED_MAX = 10_000;

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
}

/**
 * Deliveries that this process has put off because of another transaction: how long each waits,
 * and how often it has met one. It only steers the speed, so it may forget.
 */
export class PutOffs {
  readonly #known = new Map<string, PutOff>();

  /** Conflicts of a deferred delivery; undefined if it was not put off here. */
  conflictsOf(receipt: Receipt): number | undefined {
    if (receipt.deferred === undefined) return undefined;
    return this.#known.get(keyOf(receipt))?.conflicts;
  }

  /** Notes that a delivery is put off. `random` is a draw between 0 and 1. */
  add(receipt: Receipt, conflicts: number, random: number): PutOffError {
    const key = keyOf(receipt);
    const times = this.#known.get(key)?.times ?? 0;
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    this.#known.set(key, { conflicts, times: times + 1 });
    const { first, each, longest } = PUT_OFF_MS;
    const bound = Math.min(longest, Math.max(first * 2 ** times, each * this.#known.size));
    // Those that wait for one row come back one by one.
    return new PutOffError(Math.ceil((bound * (1 + random)) / 2));
  }

  /** The delivery has an outcome. */
  forget(receipt: Receipt): void {
    this.#known.delete(keyOf(receipt));
  }
}

function keyOf({ reaction, source, id }: Receipt): string {
  return JSON.stringify([reaction, source, id]);
}

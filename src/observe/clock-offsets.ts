/** When a question was asked and answered, on the clock of this process. */
export interface ClockReading {
  readonly asked: number;
  readonly answered: number;
}

/** How far a clock is from that of this process. */
export interface ClockOffset {
  /** Positive: it is ahead. */
  readonly ms: number;
  /** The offset may be wrong by this: half the time that the answer took. */
  readonly errorMs: number;
}

/** A clock that is further away is shown, in milliseconds. */
const OFFSET_SHOWN_MS = 1_000;

/** Exchanges that are remembered of each service: clocks drift. */
const SAMPLES_MAX = 16;

/**
 * Estimates the offsets of clocks as NTP does: the answer was given in the middle of its exchange,
 * and the shortest of the last exchanges says it best.
 */
export class ClockOffsets {
  readonly #samples = new Map<string, readonly ClockOffset[]>();

  /** Takes what a service has said of its time. `at`: milliseconds since 1970. */
  add(service: string, at: number | undefined, { asked, answered }: ClockReading): void {
    if (at === undefined) return;
    const errorMs = Math.max(0, answered - asked) / 2;
    const before = this.#samples.get(service) ?? [];
    const sample = { ms: at - (asked + errorMs), errorMs };
    this.#samples.set(service, [...before, sample].slice(-SAMPLES_MAX));
  }

  of(service: string): ClockOffset | undefined {
    const samples = this.#samples.get(service) ?? [];
    return samples.toSorted((a, b) => a.errorMs - b.errorMs)[0];
  }

  /** The services whose clocks are more than a second away, beyond all doubt. */
  get far(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#samples.keys()].flatMap((service) => {
        const { ms = 0, errorMs = 0 } = this.of(service) ?? {};
        return Math.abs(ms) - errorMs > OFFSET_SHOWN_MS ? [[service, Math.round(ms)] as const] : [];
      }),
    );
  }
}

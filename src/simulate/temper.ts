/** The kinds of faults of a simulation. */
export type FaultKind = "crash" | "copy" | "ack" | "publish" | "store" | "handler" | "lease";

/** How often a fault happens where it could, and how often in one run at most. */
export interface FaultRate {
  readonly rate: number;
  readonly max: number;
}

/** How wild one run is. */
export interface Temper {
  readonly faults: Readonly<Record<FaultKind, FaultRate>>;
  /** How often a failing handler fails for good. */
  readonly poison: number;
  /** How often time passes though something is under way. */
  readonly time: number;
  /** How often several messages are handed over at once. */
  readonly group: number;
  /** How often the clock of a service is wrong. */
  readonly skew: number;
}

/** What each fault of a moderate run is like; see `swarm`. */
const MODERATE: Readonly<Record<FaultKind, FaultRate>> = {
  crash: { rate: 0.012, max: 2 },
  copy: { rate: 0.08, max: 3 },
  ack: { rate: 0.05, max: 2 },
  publish: { rate: 0.05, max: 2 },
  store: { rate: 0.03, max: 2 },
  handler: { rate: 0.05, max: 2 },
  lease: { rate: 0.1, max: 1 },
};

/** A run that repeats a schedule: the schedule says what happens, however often. */
const REPEATED: FaultRate = { rate: 0, max: 1_000 };
/** Above 0, so that the same decisions are asked for. */
const POSSIBLE = Number.MIN_VALUE;

/** The temper of a run that repeats a schedule. */
export const AS_SCHEDULED: Temper = {
  faults: {
    crash: REPEATED,
    copy: REPEATED,
    ack: REPEATED,
    publish: REPEATED,
    store: REPEATED,
    handler: REPEATED,
    lease: REPEATED,
  },
  poison: POSSIBLE,
  time: POSSIBLE,
  group: POSSIBLE,
  skew: POSSIBLE,
};

/**
 * Draws a temper: each run has some of the faults, each at a rate of its own. Runs with all faults
 * at once look alike, and hide those that need one of them often.
 */
export function swarm(random: () => number): Temper {
  const pick = (of: readonly number[]): number => of[Math.floor(random() * of.length)] ?? 0;
  const draw = ({ rate, max }: FaultRate): FaultRate => ({ rate: rate * pick([0, 0, 1, 4]), max });
  const { crash, copy, ack, publish, store, handler, lease } = MODERATE;
  return {
    faults: {
      crash: draw(crash),
      copy: draw(copy),
      ack: draw(ack),
      publish: draw(publish),
      store: draw(store),
      handler: draw(handler),
      lease: draw(lease),
    },
    poison: pick([0, 0, 0.5]),
    time: pick([0.01, 0.05, 0.3]),
    group: pick([0, 0.1, 0.5]),
    skew: pick([0, 0, 0.1, 0.4]),
  };
}

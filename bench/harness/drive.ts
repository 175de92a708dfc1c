import { orderIdOf, type Running } from "./contestant.ts";
import { foreignCores, processorTime } from "./processor-time.ts";
import { percentile } from "./statistics.ts";

/**
 * Sagas begun and not finished at any time: enough to fill batches, as a busy system does, and few
 * enough to bound every queue.
 */
const IN_FLIGHT_MAX = 2_000;
/** Callers that begin sagas one by one, each waiting for its own. */
const CALLERS = 16;
/** Sagas in one call of a contestant that can begin many, and the number of callers. */
const BULK = { size: 100, callers: 2 } as const;

export interface Throughput {
  readonly sagasPerSecond: number;
  /** A saga, in milliseconds: of this process, and of the servers. */
  readonly cpuMs: number;
  readonly serversCpuMs: number;
  /** How many cores others used meanwhile; undefined where that cannot be told. */
  readonly foreignCores: number | undefined;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  /** How many cores others used meanwhile; undefined where that cannot be told. */
  readonly foreignCores: number | undefined;
}

/** Begins sagas in different ways, and measures until each has finished. */
export class Driver {
  readonly #ends = new Map<string, (at: number) => void>();
  #running: Running | undefined;
  #begun: number;
  readonly #inFlightMax: number;
  readonly #idOf: (n: number) => string;
  #inFlight = 0;
  #waiting: (() => void)[] = [];

  /** `begun` sagas of an earlier run are in the database already. */
  constructor(begun = 0, inFlightMax: number = IN_FLIGHT_MAX, idOf = orderIdOf) {
    this.#begun = begun;
    this.#inFlightMax = inFlightMax;
    this.#idOf = idOf;
  }

  /** Given to the contestant. */
  readonly finished = (orderId: string): void => {
    this.#inFlight--;
    if (this.#waiting.length > 0) for (const wake of this.#waiting.splice(0)) wake();
    if (this.#ends.size === 0) return;
    this.#ends.get(orderId)?.(performance.now());
    this.#ends.delete(orderId);
  };

  drive(running: Running): void {
    this.#running = running;
  }

  /** Number of sagas begun, and of rows that each step must have. */
  get begun(): number {
    return this.#begun;
  }

  /** Runs `CALLERS` callers, each beginning one saga after the other. */
  oneByOne(sagas: number): Promise<Throughput> {
    const running = this.#contestant();
    return this.#timed(sagas, () =>
      this.#callers(CALLERS, sagas, 1, ([orderId = ""]) => running.begin(orderId)),
    );
  }

  /** As many as there is room for, a hundred in a call where the contestant has one for that. */
  inBulk(sagas: number): Promise<Throughput> {
    const running = this.#contestant();
    const { beginAll } = running;
    if (beginAll !== undefined) {
      return this.#timed(sagas, () =>
        this.#callers(BULK.callers, sagas, BULK.size, (orderIds) =>
          beginAll.call(running, orderIds),
        ),
      );
    }
    return this.#timed(sagas, async () => {
      const failures: unknown[] = [];
      for (let n = 0; n < sagas; n++) {
        if (this.#inFlight >= this.#inFlightMax) await this.#room(1);
        running.begin(this.#next()).catch((error: unknown) => failures.push(error));
        if (failures.length > 0) throw failures[0];
      }
    });
  }

  /** One saga at a time, from before it begins until it has finished. */
  async latency(sagas: number): Promise<Latency> {
    const times: number[] = [];
    const watch = watched();
    for (let n = 0; n < sagas; n++) {
      const start = performance.now();
      const orderId = this.#next();
      const [end] = await Promise.all([this.#end(orderId), this.#contestant().begin(orderId)]);
      times.push(end - start);
    }
    return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), ...watch() };
  }

  /** Begins `perSecond` sagas a second, even if the contestant lags; timed from each due time. */
  async paced(perSecond: number, seconds: number): Promise<Latency> {
    const watch = watched();
    const start = performance.now();
    const total = perSecond * seconds;
    const times: Promise<number>[] = [];
    for (let n = 0; n < total; ) {
      const due = Math.min(
        total,
        Math.floor(((performance.now() - start) / 1_000) * perSecond) + 1,
      );
      for (; n < due; n++) {
        const at = start + (n * 1_000) / perSecond;
        const orderId = this.#next();
        times.push(
          Promise.all([this.#end(orderId), this.#contestant().begin(orderId)]).then(
            ([end]) => end - at,
          ),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const all = await Promise.all(times);
    return { p50: percentile(all, 0.5), p99: percentile(all, 0.99), ...watch() };
  }

  async #callers(
    callers: number,
    sagas: number,
    size: number,
    begin: (orderIds: readonly string[]) => Promise<unknown>,
  ): Promise<void> {
    let left = sagas;
    const caller = async () => {
      while (left > 0) {
        const now = Math.min(size, left);
        left -= now;
        if (this.#inFlight + now > this.#inFlightMax) await this.#room(now);
        await begin(Array.from({ length: now }, () => this.#next()));
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
  }

  async #timed(sagas: number, work: () => Promise<void>): Promise<Throughput> {
    const before = processorTime();
    const start = performance.now();
    await work();
    await this.#room(this.#inFlightMax);
    const ms = performance.now() - start;
    const after = processorTime();
    return {
      sagasPerSecond: sagas / (ms / 1_000),
      cpuMs: (after.own - before.own) / sagas,
      serversCpuMs: (after.servers - before.servers) / sagas,
      foreignCores: foreignCores(before, after, ms),
    };
  }

  /** Resolves once `size` more may be in flight. */
  async #room(size: number): Promise<void> {
    while (this.#inFlight + size > this.#inFlightMax)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #end(orderId: string): Promise<number> {
    return new Promise((resolve) => this.#ends.set(orderId, resolve));
  }

  #next(): string {
    this.#inFlight++;
    return this.#idOf(this.#begun++);
  }

  #contestant(): Running {
    if (this.#running === undefined) throw new Error("no contestant to drive");
    return this.#running;
  }
}

/** Tells how many cores others have used since. */
function watched(): () => { readonly foreignCores: number | undefined } {
  const before = processorTime();
  const start = performance.now();
  return () => ({
    foreignCores: foreignCores(before, processorTime(), performance.now() - start),
  });
}

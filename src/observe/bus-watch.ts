import type { StoreCounts } from "../ports/inspection.ts";
import type { Store } from "../ports/store.ts";
import { ClockOffsets } from "./clock-offsets.ts";
import { type LostBus, lostBuses } from "./lost-buses.ts";
import type { Reach } from "./reach.ts";

/** Options of a `BusWatch`. */
export interface BusWatchOptions {
  /**
   * Whether the bus confirms an event only when its hearers have committed, as the in-process bus
   * does: what has left an outbox was handled.
   * @default false
   */
  readonly confirmsHandled?: boolean | undefined;
  /**
   * The longest time between the writing of an event and its commit, in milliseconds.
   * @default 10_000
   */
  readonly commitMs?: number | undefined;
  /**
   * Milliseconds since 1970.
   * @default Date.now
   */
  readonly now?: (() => number) | undefined;
}

/** A service whose database can be read. */
export interface CountedStore {
  readonly service: string;
  readonly store: { readonly inspect: Pick<Store<unknown>["inspect"], "counts"> };
}

interface Counted {
  readonly service: string;
  readonly counts: StoreCounts;
  /** When it was asked, on the clock of this process. */
  readonly asked: number;
}

/** One look at all outboxes. */
interface Look {
  readonly ended: number;
  /** By emitter: events that were committed before this time have left its outbox. */
  readonly left: ReadonlyMap<string, number>;
}

const COMMIT_MS = 10_000;
/** Older looks are forgotten: what they would have told, a later one tells too. */
const LOOKS_MAX = 100;
const AGAIN_MS = 500;
/** It is asked often, and what is deferred says nothing of the bus. */
const FLOW = { deferred: false } as const;

/**
 * Learns what the bus cannot hold any more. First a look finds that events have left their outbox;
 * then the hearer tells that the bus, asked after that look, held nothing. Only ages by the clock
 * of one database are added to times of this process: clocks that differ change nothing.
 *
 * @example
 * ```ts
 * import { BusWatch, hearersIn, summarize } from "odori/observe";
 * import { sqlite } from "odori/sqlite";
 *
 * const store = sqlite("payment.db");
 * const found = [{ service: "payment", store }];
 * const hearers = [hearersIn("payment", await store.declarations.all())];
 * const watch = new BusWatch();
 * const reach = await watch.look(found);
 * for (const history of await store.inspect.histories(["o-1"]))
 *   console.log(summarize([{ service: "payment", history }], { hearers, reach })?.state);
 * ```
 */
export class BusWatch {
  /** How far the clock of each database is from that of this process. */
  readonly clocks = new ClockOffsets();
  readonly #confirmsHandled: boolean;
  readonly #commitMs: number;
  readonly #now: () => number;
  readonly #settled = new Map<string, Map<string, number>>();
  /** By emitter: the time of its database at the last look. */
  readonly #times = new Map<string, number>();
  #looks: readonly Look[] = [];
  #last: readonly Counted[] = [];

  constructor(options: BusWatchOptions = {}) {
    const { confirmsHandled = false, commitMs = COMMIT_MS, now = Date.now } = options;
    this.#confirmsHandled = confirmsHandled;
    this.#commitMs = commitMs;
    this.#now = now;
  }

  /** What is known so far. */
  get reach(): Reach {
    return { settled: new Map([...this.#settled].map(([one, of]) => [one, new Map(of)])) };
  }

  /** The buses that services do not hear, as of the last look. */
  get lost(): readonly LostBus[] {
    return lostBuses(this.#last);
  }

  /**
   * Looks once. Read histories afterwards. A service that cannot be read is left out.
   */
  async look(stores: readonly CountedStore[]): Promise<Reach> {
    this.#last = await this.#count(stores);
    for (const { service, counts } of this.#last) this.#noteTime(service, counts.at);
    const left = new Map(this.#last.flatMap((one) => this.#leftOf(one)));
    const look: Look = { ended: this.#now(), left };
    this.#looks = [...this.#looks, look].slice(-LOOKS_MAX);
    for (const one of this.#last) {
      const before = this.#confirmsHandled ? look : this.#lookBefore(emptiedAt(one));
      for (const [emitter, time] of before?.left ?? []) this.#settle(one.service, emitter, time);
    }
    return this.reach;
  }

  /**
   * What will be settled if the bus is as empty as it was found last: events that are older than
   * that. Says which sagas are worth waiting for.
   */
  get suspicion(): Reach {
    const left = this.#looks.at(-1)?.left ?? new Map<string, number>();
    return {
      settled: new Map(
        this.#last.map(({ service, counts }) => [
          service,
          new Map(
            this.#last.map((emitter): [string, number] => {
              const { at = 0 } = emitter.counts;
              const { emptyMs = Number.POSITIVE_INFINITY } = counts.backlog ?? {};
              return [emitter.service, Math.min(left.get(emitter.service) ?? 0, at - emptyMs)];
            }),
          ),
        ]),
      ),
    };
  }

  /** Looks again until the bus was empty once for each service that tells, or for `limitMs`. */
  async settle(stores: readonly CountedStore[], limitMs: number): Promise<Reach> {
    const first = this.#looks.at(-1)?.ended ?? this.#now();
    const until = this.#now() + limitMs;
    const isOpen = (one: Counted) => {
      const emptied = emptiedAt(one);
      return emptied !== undefined && emptied <= first;
    };
    while (this.#last.some(isOpen) && this.#now() < until) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      await this.look(stores);
    }
    return this.reach;
  }

  async #count(stores: readonly CountedStore[]): Promise<readonly Counted[]> {
    const counted = stores.map(async ({ service, store }): Promise<readonly Counted[]> => {
      const asked = this.#now();
      const counts = await store.inspect.counts(FLOW);
      this.clocks.add(service, counts.at, { asked, answered: this.#now() });
      return [{ service, counts, asked }];
    });
    return (await Promise.all(counted.map((one) => one.catch(() => [])))).flat();
  }

  #leftOf({ service, counts }: Counted): readonly (readonly [string, number])[] {
    const { at, outbox, outboxOldestMs } = counts;
    if (at === undefined) return [];
    // A row that is not committed yet has its time already.
    const age = outbox === 0 ? this.#commitMs : Math.max(this.#commitMs, outboxOldestMs);
    return [[service, at - age]];
  }

  /** The last look that had ended before a time. */
  #lookBefore(time: number | undefined): Look | undefined {
    return time === undefined ? undefined : this.#looks.findLast(({ ended }) => ended < time);
  }

  /** After a clock was set back, events may have times at which others had passed before. */
  #noteTime(emitter: string, time: number | undefined): void {
    if (time === undefined) return;
    const before = this.#times.get(emitter) ?? time;
    this.#times.set(emitter, time);
    if (time >= before) return;
    for (const of of this.#settled.values()) of.delete(emitter);
    this.#looks = this.#looks.map(({ ended, left }) => ({
      ended,
      left: new Map([...left].filter(([service]) => service !== emitter)),
    }));
  }

  #settle(hearer: string, emitter: string, time: number): void {
    const of = this.#settled.get(hearer) ?? new Map<string, number>();
    this.#settled.set(hearer, of);
    of.set(emitter, Math.max(of.get(emitter) ?? time, time));
  }
}

/** When the bus held nothing for a service, at the latest, on the clock of this process. */
function emptiedAt({ counts, asked }: Counted): number | undefined {
  const { emptyMs } = counts.backlog ?? {};
  return emptyMs === undefined ? undefined : asked - emptyMs;
}

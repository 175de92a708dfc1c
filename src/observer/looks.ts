import { BusWatch } from "../observe/bus-watch.ts";
import type { Reach } from "../observe/reach.ts";
import type { CountsQuery, StoreCounts } from "../ports/inspection.ts";
import type { Attendance } from "./attendance.ts";

/** How often outboxes and buses are looked at, at most. */
const LOOK_EVERY_MS = 500;

/** Looks at the outboxes and buses of the services that can be read. */
export class Looks {
  readonly watch: BusWatch;
  /** By service: what its store has told last. */
  readonly counts = new Map<string, StoreCounts>();
  readonly #attendance: Attendance;
  readonly #now: () => number;
  #reach: Reach | undefined;
  #looking: Promise<void> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(attendance: Attendance, now: () => number, watch = new BusWatch({ now })) {
    this.watch = watch;
    this.#attendance = attendance;
    this.#now = now;
  }

  /** What the buses cannot hold any more, as of the last look; undefined before the first. */
  get reach(): Reach | undefined {
    return this.#reach;
  }

  /** Looks, unless that has just been done. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const now = this.#now();
    if (Math.abs(now - this.#lookedAt) < LOOK_EVERY_MS) return;
    const stores = this.#attendance.present.map((one) => {
      const counts = async (query?: CountsQuery) => {
        const told = await this.#attendance.read(one, (source) => source.inspect.counts(query));
        this.counts.set(one.service, told);
        return told;
      };
      return { service: one.service, store: { inspect: { counts } } };
    });
    this.#reach = await this.watch.look(stores);
    this.#lookedAt = now;
  }
}

/** What is settled for some hearers. */
export function settledFor({ settled }: Reach, hearers: ReadonlySet<string>): Reach {
  return { settled: new Map([...settled].filter(([hearer]) => hearers.has(hearer))) };
}

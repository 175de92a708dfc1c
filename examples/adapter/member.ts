import { randomUUID } from "node:crypto";
import type { Deliver, SubscribeOptions, Subscription } from "odori/adapter";
import { readJson } from "odori/cloudevents";
import type { BusDatabase, Delivery } from "./database.ts";
import type { SqliteBusSettings } from "./options.ts";

/** One member of a group: settles and takes deliveries, turn by turn. */
export class Member implements Subscription {
  readonly #database: BusDatabase;
  readonly #settings: SqliteBusSettings;
  readonly #options: SubscribeOptions;
  readonly #deliver: Deliver;
  readonly #owner = randomUUID();
  #acknowledged: number[] = [];
  #rejected: number[] = [];
  #inFlight = 0;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #closing: Promise<void> | undefined;
  #abandoned = false;
  #running: Promise<void> = Promise.resolve();
  #woken = false;
  #wake: () => void = () => {};

  constructor(
    database: BusDatabase,
    settings: SqliteBusSettings,
    options: SubscribeOptions,
    deliver: Deliver,
  ) {
    this.#database = database;
    this.#settings = settings;
    this.#options = options;
    this.#deliver = deliver;
  }

  /** Resolves once the member takes and settles nothing more. */
  get stopped(): Promise<void> {
    return this.#running;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  close(): Promise<void> {
    this.#closing ??= this.#running.then(() => {
      if (!this.#abandoned) this.#database.leave(this.#owner);
    });
    this.#wakeUp();
    return this.#closing;
  }

  /** Stops at once: the file is about to be closed. */
  abandon(): void {
    this.#abandoned = true;
    this.#wakeUp();
  }

  async #run(): Promise<void> {
    while (!this.#abandoned && !this.#isDone()) {
      const room = this.#closing === undefined ? this.#options.inFlightMax - this.#inFlight : 0;
      this.#woken = false;
      const taken = this.#turn(room);
      for (const delivery of taken) this.#handle(delivery);
      if (taken.length < room || room === 0) await this.#sleep();
    }
  }

  #isDone(): boolean {
    const open = this.#inFlight + this.#acknowledged.length + this.#rejected.length;
    return this.#closing !== undefined && open === 0;
  }

  #turn(room: number): readonly Delivery[] {
    const { group, topics } = this.#options;
    const { leaseMs } = this.#settings;
    const [acknowledged, rejected] = [this.#acknowledged, this.#rejected];
    const stale = performance.now() - this.#renewedAt > leaseMs / 4;
    try {
      const settled = acknowledged.length + rejected.length > 0;
      if (!settled && !stale && (room === 0 || !this.#database.hasWork(group, topics))) return [];
      const owner = this.#owner;
      const turn = { group, topics, owner, leaseMs, acknowledged, rejected, room };
      const taken = this.#database.turn(turn);
      this.#renewedAt = performance.now();
      this.#acknowledged = [];
      this.#rejected = [];
      return taken;
    } catch {
      // The file is locked or full: nothing was settled or taken, and the next turn repeats it.
      return [];
    }
  }

  #handle({ seq, type, body }: Delivery): void {
    this.#inFlight++;
    const settled = (list: number[]) => {
      list.push(seq);
      this.#inFlight--;
      this.#wakeUp();
    };
    this.#deliver(readJson(type, body, Date.now())).then(
      () => settled(this.#acknowledged),
      () => settled(this.#rejected),
    );
  }

  /** Ends the wait for the next poll. */
  #wakeUp(): void {
    this.#woken = true;
    this.#wake();
  }

  #sleep(): Promise<void> {
    if (this.#woken) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), this.#settings.pollMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
    });
  }
}

import { codeOf } from "../contract/errors.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { Environment } from "../ports/environment.ts";
import type { Logger } from "../ports/logger.ts";
import {
  type Claimed,
  type KnownParts,
  NOTHING_TAKEN_OVER,
  type Store,
  type TakenOver,
} from "../ports/store.ts";
import type { Caution } from "./caution.ts";
import type { Publisher } from "./publisher.ts";
import type { Upkeep } from "./upkeep.ts";

export interface RelayOptions {
  /** How long the relay lets pass between looking for work that others left behind. */
  readonly pollMs: number;
  /** The same, once it has not found anything for `QUIET_ROUNDS`. */
  readonly quietMs: number;
  /** Most rows to take at once. */
  readonly limit: number;
  /** The deferred deliveries that this process can handle. */
  readonly known: KnownParts;
}

export interface RelayParts<Native> {
  readonly store: Store<Native>;
  readonly publisher: Publisher;
  readonly environment: Environment;
  readonly logger: Logger;
  readonly caution: Caution;
  readonly upkeep: Upkeep;
  /** Takes a deferred delivery that is due; calls `settled` when it has an outcome. */
  due(deferred: Deferred, settled: () => void): void;
  /** Deletes outbox rows that the bus has confirmed. */
  flush(): Promise<void>;
  /** Reads the declarations of other versions, where one is missing; undefined: none is. */
  refresh(): Promise<void> | undefined;
}

/**
 * Most deferred deliveries that are claimed and have no outcome. A claim is an attempt, so it comes
 * shortly before the handler.
 */
const CLAIMED_MAX = 100;

/**
 * Rounds without any work, after which the relay looks less often. Each process of each service
 * looks, so most of the rounds of several processes find nothing.
 */
const QUIET_ROUNDS = 10;

/**
 * Looks after what no live process has in hand: outbox rows of one that died, and deferred
 * deliveries that are due. What a process emits itself goes to the bus at once and never through
 * here.
 */
export class Relay<Native> {
  readonly #parts: RelayParts<Native>;
  readonly #options: RelayOptions;
  #cancel: () => void = () => {};
  /** When the next round begins, on the environment's clock. */
  #wakesAt = Number.POSITIVE_INFINITY;
  #round: Promise<void> = Promise.resolve();
  #stopped = true;
  /** Rounds since one has found something. */
  #quiet = 0;
  /** Why the last round failed: meanwhile nothing is retried, and no deadline comes. */
  problem: unknown;
  /** What this process has taken over since its start from processes that were found dead. */
  takenOver: TakenOver = NOTHING_TAKEN_OVER;
  /** How often others have found this process dead although it lived. */
  lost = 0;
  /** Deferred deliveries that were claimed and have no outcome yet. */
  #running = 0;
  /** How many of them may have ended a process: no other is claimed meanwhile. */
  #suspects = 0;

  constructor(parts: RelayParts<Native>, options: RelayOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Something will be left to the relay soon, and it cannot be told when. */
  expect(): void {
    this.#quiet = 0;
    this.wakeWithin(this.#options.pollMs);
  }

  start(): void {
    this.#stopped = false;
    this.wakeWithin(0);
  }

  /** Ends the round under way and makes no other. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await Promise.all([this.#round, this.#parts.upkeep.stop()]);
  }

  /** Looks again after `delayMs` at the latest. */
  wakeWithin(delayMs: number): void {
    const at = this.#parts.environment.now() + delayMs;
    if (this.#stopped || at >= this.#wakesAt) return;
    this.#cancel();
    this.#wakesAt = at;
    this.#cancel = this.#parts.environment.timer(delayMs, () => {
      this.#wakesAt = Number.POSITIVE_INFINITY;
      this.#round = this.#workAfter(this.#round);
    });
  }

  async #workAfter(round: Promise<void>): Promise<void> {
    await round;
    this.wakeWithin(await this.#work());
  }

  async #work(): Promise<number> {
    const { pollMs, limit, known } = this.#options;
    const { store, publisher, logger } = this.#parts;
    if (this.#stopped) return pollMs;
    try {
      if (publisher.answered > 0) await this.#parts.flush();
      const refreshing = this.#parts.refresh();
      if (refreshing !== undefined) await refreshing;
      const room = Math.max(0, limit - publisher.pending);
      const free = this.#suspects > 0 ? 0 : Math.min(room, CLAIMED_MAX - this.#running);
      const claimed = await store.claim(room, { deferred: free, known });
      const { outbox, deferred, nextDueMs, died } = claimed;
      this.#parts.caution.claimed(died);
      this.#note(claimed);
      for (const row of outbox) publisher.publish(row);
      for (const row of deferred) this.#due(row);
      this.#parts.upkeep.tend();
      this.problem = undefined;
      // Where nothing may be taken, it does not matter how much is due.
      if (room === 0 || this.#running > 0) return pollMs;
      if (outbox.length === room) return 0;
      this.#quiet = died || outbox.length + deferred.length > 0 ? 0 : this.#quiet + 1;
      return Math.min(this.#pauseMs, nextDueMs ?? this.#pauseMs);
    } catch (error) {
      const code = codeOf(error);
      if (this.problem === undefined || codeOf(this.problem) !== code)
        logger.error("the relay cannot use the database", { code, error });
      this.problem = error;
      return Math.max(pollMs, 1_000);
    }
  }

  #note({ takenOver, lost }: Claimed): void {
    const { logger, publisher } = this.#parts;
    const { processes, events, deliveries } = this.takenOver;
    this.takenOver = {
      processes: processes + takenOver.processes,
      events: events + takenOver.events,
      deliveries: deliveries + takenOver.deliveries,
    };
    if (takenOver.processes + takenOver.events + takenOver.deliveries > 0)
      logger.warn("a process was found dead; this one takes over its work", { ...takenOver });
    if (!lost) return;
    this.lost++;
    publisher.giveUp();
    logger.warn("this process was found dead, since it stood still for too long; it goes on");
  }

  get #pauseMs(): number {
    const { pollMs, quietMs } = this.#options;
    return this.#quiet < QUIET_ROUNDS ? pollMs : quietMs;
  }

  #due(row: Deferred): void {
    const suspect = row.claims > 1 ? 1 : 0;
    this.#running++;
    this.#suspects += suspect;
    this.#parts.due(row, () => {
      this.#running--;
      this.#suspects -= suspect;
      if (this.#running === 0) this.wakeWithin(0);
    });
  }
}

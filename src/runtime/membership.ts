import { codeOf, OdoriError } from "../contract/errors.ts";
import type { Bus, Deliver, SubscribeOptions, Subscription } from "../ports/bus.ts";
import { atMost, type Environment } from "../ports/environment.ts";
import type { Logger } from "../ports/logger.ts";
import { backoffMs } from "./retry.ts";

export interface MembershipParts {
  readonly bus: Bus;
  readonly environment: Environment;
  readonly logger: Logger;
}

/** How often the broker is asked whether the service still hears, in milliseconds. */
const CHECK_EVERY_MS = 5_000;
/** How long a check may take: with `CHECK_EVERY_MS`, a silent connection is found in 10 s. */
const CHECK_LIMIT_MS = 5_000;
/** An answer of the broker is good for this long: probes of `health` may be frequent. */
const CHECKED_MS = 500;
/** How long a subscription may take, which creates what is missing on the broker. */
const SUBSCRIBE_LIMIT_MS = 30_000;
/** How long `stop` waits for a subscription that was lost. */
const LEAVE_LIMIT_MS = 1_000;
/** Pauses between attempts to subscribe again. */
const AGAIN = { attempts: Number.POSITIVE_INFINITY, firstMs: 100, longestMs: 5_000 };

/**
 * Keeps a service subscribed. The adapter says when the member hears no more, and the broker is
 * asked every few seconds. A lost subscription is closed, and made again with growing pauses:
 * subscribing creates what is missing on the broker.
 */
export class Membership {
  readonly #parts: MembershipParts;
  readonly #options: SubscribeOptions;
  readonly #deliver: Deliver;
  #subscription: Subscription | undefined;
  /** Subscriptions that were lost, and still wait for deliveries in flight. */
  readonly #leaving = new Set<Promise<void>>();
  /** The check, or the attempt to subscribe, that is under way. */
  #round: Promise<void> | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #cancel: () => void = () => {};
  /** Ends the wait for the broker's reply. */
  #giveUp: () => void = () => {};
  #stopped = false;
  /** What subscriptions have freed that were lost since. */
  #redelivered = 0;
  /** Why the service hears nothing; undefined: it does. */
  problem: unknown;
  /** Since when; milliseconds of the environment's clock. */
  lostAt: number | undefined;

  constructor(parts: MembershipParts, options: SubscribeOptions, deliver: Deliver) {
    this.#parts = parts;
    this.#options = options;
    this.#deliver = deliver;
  }

  /** Subscribes; rejects as the bus does. From then on the service stays subscribed. */
  async open(): Promise<void> {
    await this.#subscribe();
    this.#schedule();
  }

  /** Asks the broker now, unless it has just replied. Does not reject: see `problem`. */
  async check(): Promise<void> {
    const { environment } = this.#parts;
    if (this.problem !== undefined || environment.now() - this.#checkedAt < CHECKED_MS) return;
    await this.#work();
  }

  /** Where the bus is. */
  get place(): string | undefined {
    return this.#parts.bus.place;
  }

  /** Whether the bus can tell what it holds. */
  get tellsBacklog(): boolean {
    return this.#subscription?.backlog !== undefined;
  }

  /** How much the bus holds for the service; undefined while it is not subscribed. */
  async backlog(): Promise<number | undefined> {
    return this.#subscription?.backlog?.();
  }

  /** How many deliveries were freed of members of the service that were found dead. */
  get redelivered(): number {
    return this.#redelivered + (this.#subscription?.redelivered?.() ?? 0);
  }

  /** Leaves the group, and waits for the deliveries in flight. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#giveUp();
    await Promise.all([this.#subscription?.close(), Promise.allSettled(this.#leaving)]);
  }

  #schedule(): void {
    this.#cancel();
    const { environment } = this.#parts;
    if (this.#stopped) return;
    const asks = this.#subscription?.check !== undefined;
    if (this.problem === undefined && !asks) return;
    const pauseMs =
      this.problem === undefined
        ? CHECK_EVERY_MS
        : backoffMs(AGAIN, Math.min(this.#failures, 16), environment.random());
    this.#cancel = environment.timer(pauseMs, () => this.#work());
  }

  /** One check, or one attempt to subscribe again; at most one is under way. */
  #work(): Promise<void> {
    this.#round ??= this.#ask()
      .catch((error: unknown) => this.#lose(error))
      .finally(() => {
        this.#round = undefined;
        this.#schedule();
      });
    return this.#round;
  }

  async #ask(): Promise<void> {
    const before = this.#subscription;
    if (before !== undefined) {
      await this.#answered(before.check?.() ?? Promise.resolve(), CHECK_LIMIT_MS);
      // The adapter may have lost it meanwhile.
      if (this.#subscription === before) this.#heard();
      return;
    }
    await this.#subscribe();
    if (!this.#stopped) return;
    const late = this.#subscription;
    this.#subscription = undefined;
    await late?.close();
  }

  async #subscribe(): Promise<void> {
    const { bus } = this.#parts;
    let lost: unknown;
    const onLost = (error: unknown) => {
      lost = error;
      if (subscription !== undefined && this.#subscription === subscription) {
        this.#lose(error);
        this.#schedule();
      }
    };
    const subscribing = bus.subscribe({ ...this.#options, onLost }, this.#deliver);
    let subscription: Subscription | undefined;
    try {
      subscription = await this.#answered(subscribing, SUBSCRIBE_LIMIT_MS);
    } catch (error) {
      // An answer that comes too late would be a second member.
      subscribing.then((late) => late.close()).catch(() => {});
      throw error;
    }
    if (lost !== undefined) {
      this.#leave(subscription);
      throw lost;
    }
    // In the same turn: what is lost from now on is this one.
    this.#subscription = subscription;
    this.#heard();
  }

  /** Settles as `work` does; rejects without a reply in time, and once the service stops. */
  #answered<T>(work: Promise<T>, limitMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = () => reject(silent(limitMs));
      const cancel = this.#parts.environment.timer(limitMs, late);
      // Named first: V8 keeps what a function captures that is made in such an assignment.
      const giveUp = () => {
        cancel();
        late();
      };
      this.#giveUp = giveUp;
      work.then(
        (reply) => {
          cancel();
          resolve(reply);
        },
        (error: unknown) => {
          cancel();
          reject(error);
        },
      );
    });
  }

  #heard(): void {
    const { environment, logger } = this.#parts;
    this.#checkedAt = environment.now();
    this.#failures = 0;
    if (this.problem === undefined) return;
    this.problem = undefined;
    this.lostAt = undefined;
    logger.info("the service hears the bus again");
  }

  #lose(error: unknown): void {
    this.#failures++;
    const lost = this.#subscription;
    this.#subscription = undefined;
    this.#redelivered += lost?.redelivered?.() ?? 0;
    if (lost !== undefined) this.#leave(lost);
    const before = this.problem;
    this.problem = error;
    this.lostAt ??= this.#parts.environment.now();
    if (before === undefined && !this.#stopped)
      this.#parts.logger.warn("the service does not hear the bus; it subscribes again", {
        code: codeOf(error),
        error,
      });
  }

  /** Deliveries in flight go on; their messages come again, and the inbox knows them. */
  #leave(subscription: Subscription): void {
    const { environment } = this.#parts;
    const closed = subscription.close().catch(() => {});
    const leaving = atMost(environment, LEAVE_LIMIT_MS, closed).finally(() =>
      this.#leaving.delete(leaving),
    );
    this.#leaving.add(leaving);
  }
}

function silent(limitMs: number): OdoriError {
  return new OdoriError("BUS_UNAVAILABLE", `The bus has not replied within ${limitMs} ms.`, {
    hint: "Check that the broker is running and reachable.",
  });
}

import type { Service } from "../choreography/service.ts";
import { adopt } from "../contract/adopt.ts";
import { OdoriError } from "../contract/errors.ts";
import type { EventContract, Fact } from "../contract/event.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { JournalRecord } from "../ports/journal.ts";
import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import type { RetryPolicy } from "../runtime/retry.ts";
import { type App, startApp } from "../runtime/start.ts";
import { type VirtualClock, virtualEnvironment } from "../virtual/clock.ts";
import { watchHandlers } from "../virtual/handlers.ts";
import type { Activity } from "./activity.ts";
import type { RehearsalBus } from "./post.ts";
import { usualRows } from "./usual-rows.ts";
import { watchStore } from "./watch-store.ts";

const DAY_MS = 24 * 3_600_000;

/**
 * Nothing is left behind by another process, so the relay has to look only where something is due,
 * and it is told so. It looks once a day nevertheless, since it also deletes what is past its
 * retention. A lease outlasts many polls.
 */
const RELAY = { pollMs: DAY_MS, leaseMs: 10 * DAY_MS };

/** What a player needs of its rehearsal. */
export interface PlayerParts {
  readonly post: RehearsalBus;
  readonly clock: VirtualClock;
  readonly activity: Activity;
  readonly seed: number;
  readonly logger: Logger;
  readonly retry: Partial<RetryPolicy>;
}

/** One service of a rehearsal, with its database, and with a process while it has not left. */
export class Player<Native> {
  readonly name: string;
  readonly service: Service<Native, EventContract>;
  /** What a handler has thrown last. */
  thrown: unknown;
  readonly #parts: PlayerParts;
  readonly #watched: Service<Native, EventContract>;
  readonly #store: Store<Native>;
  #app: App<Native, EventContract> | undefined;
  #lives = 0;
  /** The journals when its last process stopped: a store that is closed may not tell them. */
  #journals: ReadonlyMap<string, readonly JournalRecord[]> = new Map();

  constructor(service: Service<Native, EventContract>, store: Store<Native>, parts: PlayerParts) {
    this.name = service.name;
    this.service = service;
    this.#parts = parts;
    const { activity } = parts;
    this.#store = watchStore(store, {
      call: (call) => activity.call(this.name, call),
      stray: (error) => activity.stray(error),
    });
    this.#watched = watchHandlers(service, (work) =>
      activity.handle(this.name, () => this.#handled(work)),
    );
  }

  /** Whether its process runs. */
  get present(): boolean {
    return this.#app !== undefined;
  }

  /** The running service. Throws `STOPPED`. */
  get app(): App<Native, EventContract> {
    if (this.#app !== undefined) return this.#app;
    throw new OdoriError("STOPPED", `The service ${this.name} has dropped out.`, {
      hint: `Let it come back first: comeBack("${this.name}").`,
    });
  }

  /** Starts its process. */
  async enter(): Promise<void> {
    const { post, clock, seed, logger, retry } = this.#parts;
    if (this.#app !== undefined) return;
    const environment = virtualEnvironment(clock, { name: this.name, life: ++this.#lives, seed });
    const options = { store: this.#store, bus: post, environment, logger, retry, ...RELAY };
    this.#app = await startApp(this.#watched, options);
  }

  /** Stops its process, as a deployment does. */
  async leave(): Promise<void> {
    const app = this.#app;
    if (app === undefined) return;
    const sagas = this.#parts.post.sagas.map(async (sagaId) => {
      return [sagaId, await this.journal(sagaId)] as const;
    });
    this.#journals = new Map(await Promise.all(sagas));
    this.#app = undefined;
    await app.stop();
  }

  async begin(sagaId: string, fact: Fact, rows: (tx: Native) => unknown): Promise<void> {
    const { activity } = this.#parts;
    await this.app.begin(sagaId, async (tx) => {
      await activity.inTime(
        this.name,
        () => rows(tx),
        () => notReturned(this.name),
      );
      return fact;
    });
  }

  /** Runs `read` in a transaction of the store. */
  rows<T>(read: (tx: Native) => T | Promise<T>): Promise<T> {
    return this.#store.transaction(async ({ native }) => usualRows(await read(native)));
  }

  async journal(sagaId: string): Promise<readonly JournalRecord[]> {
    if (this.#app === undefined) return this.#journals.get(sagaId) ?? [];
    return this.#store.inspect.journal(sagaId);
  }

  /** Deliveries that have failed, and are tried again or were given up. */
  async failures(sagaId: string): Promise<readonly Deferred[]> {
    const rows = await this.#store.inspect.deferred(["retrying", "parked"], FAILURES_MAX);
    return rows.filter((row) => row.sagaId === sagaId && row.problem !== undefined);
  }

  /** Whether something is left that happens by itself when time passes. */
  async expects(): Promise<boolean> {
    const { outbox, deferred } = await this.#store.inspect.counts();
    const { armed = 0, retrying = 0 } = deferred;
    return outbox + armed + retrying > 0;
  }

  #handled<T>(work: () => T | PromiseLike<T>): T | Promise<T> {
    const note = (error: unknown) => {
      this.thrown = error;
    };
    try {
      const returned = adopt(work());
      if (returned instanceof Promise) returned.catch(note);
      return returned;
    } catch (error) {
      note(error);
      throw error;
    }
  }
}

const FAILURES_MAX = 100;

function notReturned(service: string): OdoriError {
  return new OdoriError("HANDLER_TIMEOUT", `The rows of a beginning of ${service} never came.`, {
    hint: "Let the promise that `rows` returns settle; or raise patienceMs.",
  });
}

import { memoryBus } from "../adapters/memory/index.ts";
import type { Service } from "../choreography/service.ts";
import { OdoriError } from "../contract/errors.ts";
import type { EventContract, Fact } from "../contract/event.ts";
import type { ServiceJournal } from "../observe/trace.ts";
import { checkAccepted } from "../ports/bus.ts";
import type { Logger } from "../ports/logger.ts";
import { HANDLER_BUDGET_MS } from "../runtime/group.ts";
import { arrival } from "../virtual/arrival.ts";
import { VirtualClock, virtualEnvironment } from "../virtual/clock.ts";
import { Activity } from "./activity.ts";
import type { RehearsalOptions } from "./options.ts";
import { Player } from "./player.ts";
import { RehearsalBus } from "./post.ts";

const NO_LOG: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Real time that a handler may take before it counts as waiting for the test. Test runners give up
 * on a test after 5 seconds: the picture has to come before that.
 */
const PATIENCE_MS = 3_000;

/** A moment of a rehearsal that no journal tells of. */
export interface Moment {
  readonly at: number;
  readonly note: string;
}

/**
 * Services on the real runtime, in one process: on a virtual clock and the in-process bus. Nothing
 * happens in them but within a call of a method here, which resolves once nothing happens any more.
 */
export class Rehearsal<Native> implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly post: RehearsalBus;
  readonly moments: Moment[] = [];
  readonly #activity: Activity;
  readonly #options: RehearsalOptions<Native>;
  readonly #players = new Map<string, Player<Native>>();
  /** By saga: the ids of the messages from outside. */
  readonly #arrivals = new Map<string, Map<Fact, string>>();
  #arrived = 0;

  private constructor(
    services: readonly Service<Native, EventContract>[],
    options: RehearsalOptions<Native>,
  ) {
    const { now, seed = 1, patienceMs = PATIENCE_MS } = options;
    if (now !== undefined) checkNumber("now", now.getTime());
    checkNumber("seed", seed);
    checkNumber("patienceMs", patienceMs, 0);
    this.#options = options;
    this.clock = new VirtualClock(now?.getTime());
    this.#activity = new Activity(patienceMs);
    const outside = { name: "bus", life: 0, seed };
    const environment = virtualEnvironment(this.clock, outside);
    this.post = new RehearsalBus(memoryBus(services, { environment }));
  }

  /** Starts each service. */
  static async open<Native>(
    services: readonly Service<Native, EventContract>[],
    options: RehearsalOptions<Native>,
  ): Promise<Rehearsal<Native>> {
    const rehearsal = new Rehearsal(services, options);
    const { seed = 1, logger = NO_LOG, retry = {} } = options;
    const { post, clock } = rehearsal;
    const parts = { post, clock, activity: rehearsal.#activity, seed, logger, retry };
    return rehearsal.orEnd(async () => {
      for (const service of services) {
        const store = await options.store(service.name);
        rehearsal.#players.set(service.name, new Player(service, store, parts));
      }
      await options.clock?.(clock.now);
      for (const player of rehearsal.players) await rehearsal.#during(player.enter());
      await rehearsal.settle();
      return rehearsal;
    });
  }

  get players(): readonly Player<Native>[] {
    return [...this.#players.values()];
  }

  /** The services with a handler that has not returned, though it was waited for. */
  get stuck(): readonly string[] {
    return this.#activity.stuck;
  }

  /** The service of that name. Throws `OPTION_INVALID`. */
  player(service: string | { readonly name: string }): Player<Native> {
    const name = typeof service === "string" ? service : service.name;
    const player = this.#players.get(name);
    if (player !== undefined) return player;
    throw new OdoriError("OPTION_INVALID", `No service ${name} takes part.`, {
      hint: `It is one of ${[...this.#players.keys()].join(", ")}.`,
    });
  }

  /** Begins a saga with a fact, after `rows` has written what belongs to it. */
  async begin(
    player: Player<Native>,
    sagaId: string,
    fact: Fact,
    rows: (tx: Native) => unknown = () => {},
  ): Promise<void> {
    const begun = player.begin(sagaId, fact, rows);
    await this.#during(begun);
    await this.settle();
  }

  /**
   * Lets an event come from outside. The same fact of a saga is the same message, which comes once
   * more.
   */
  async arrive(sagaId: string, fact: Fact): Promise<void> {
    const ids = this.#arrivals.get(sagaId) ?? new Map<Fact, string>();
    this.#arrivals.set(sagaId, ids);
    const id = ids.get(fact) ?? `outside-${++this.#arrived}`;
    ids.set(fact, id);
    const event = arrival(sagaId, fact, { id, now: this.clock.now });
    let refusal: unknown;
    // It is acknowledged once every service has it: one may be away.
    this.post
      .publish([event])
      .then(checkAccepted)
      .catch((error: unknown) => {
        refusal = error;
      });
    await this.settle();
    if (refusal !== undefined) throw refusal;
  }

  /** Waits until nothing happens any more unless time passes. */
  async settle(): Promise<void> {
    for (;;) {
      const givenUp = await this.#activity.rest();
      if (this.clock.runDue()) continue;
      if (!givenUp) return;
      // Its commit group goes on without it, and leaves the database.
      const until = this.clock.now + HANDLER_BUDGET_MS;
      while (await this.step(until));
      await this.#moveTo(until);
      this.#activity.release();
    }
  }

  /**
   * Throws `STATEMENT_NOT_AWAITED` if a statement has come after its handler had returned, once for
   * those that have come so far.
   */
  checkStrays(): void {
    this.#activity.checkStrays();
  }

  /** As `settle`, and waits once more for handlers that were given up. */
  settleAll(): Promise<void> {
    this.#activity.hope();
    return this.settle();
  }

  /** Lets time pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const until = this.clock.now + ms;
    await this.settle();
    while (await this.step(until));
    await this.#moveTo(until);
    await this.settle();
  }

  /** Lets time pass to the next timer, unless it comes after `until`. Returns whether it did. */
  async step(until: number): Promise<boolean> {
    const { next } = this.clock;
    if (next === undefined || next > until) return false;
    await this.#moveTo(next);
    await this.settle();
    return true;
  }

  /** Whether something is left that happens by itself when time passes. */
  async expects(): Promise<boolean> {
    if (this.stuck.length > 0) return true;
    const present = this.players.filter((player) => player.present);
    const expecting = await Promise.all(present.map((player) => player.expects()));
    return expecting.includes(true);
  }

  /** Stops the process of a service. */
  async leave(player: Player<Native>): Promise<void> {
    await this.#during(player.leave());
    await this.note(`${player.name} drops out`);
  }

  /** Starts a process of a service again. */
  async enter(player: Player<Native>): Promise<void> {
    await this.note(`${player.name} comes back`);
    await this.#during(player.enter());
    await this.settle();
  }

  /** Notes what no journal tells of. The next step comes at a later time. */
  async note(note: string): Promise<void> {
    this.moments.push({ at: this.clock.now, note });
    await this.#moveTo(this.clock.now + 1);
    await this.settle();
  }

  /** The journals about one saga of all services whose databases can be read. */
  async journals(sagaId: string): Promise<readonly ServiceJournal[]> {
    const journals = this.players.map(async (player) => {
      const records = await this.unlessHeld(player, player.journal(sagaId));
      return records === undefined ? [] : [{ service: player.name, records }];
    });
    return (await Promise.all(journals)).flat();
  }

  /**
   * Resolves as `read` of the service's database does. Resolves to undefined if a handler that has
   * not returned holds the database, as one does in SQLite that has written.
   */
  async unlessHeld<T>(player: Player<Native>, read: Promise<T>): Promise<T | undefined> {
    if (!this.stuck.includes(player.name)) return read;
    return Promise.race([read, this.#activity.rest().then(() => undefined)]);
  }

  /** Runs `work`. If it fails, stops every service: its caller gets nothing that it could stop. */
  async orEnd<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // The first error tells more than one of stopping.
      await this[Symbol.asyncDispose]().catch(() => {});
      throw error;
    }
  }

  /** Stops every service. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#during(Promise.all(this.players.map((player) => player.leave())));
    await this.post.close();
  }

  /** Waits for a call that may need time to pass, such as to stop while a handler runs. */
  async #during<T>(call: Promise<T>): Promise<T> {
    let pending = true;
    const ended = () => {
      pending = false;
    };
    call.then(ended, ended);
    await this.settle();
    while (pending && (await this.step(Number.POSITIVE_INFINITY)));
    return call;
  }

  async #moveTo(now: number): Promise<void> {
    if (now <= this.clock.now) return;
    this.clock.moveTo(now);
    await this.#options.clock?.(now);
  }
}

function checkNumber(name: string, value: number, from = Number.NEGATIVE_INFINITY): void {
  if (Number.isFinite(value) && value >= from) return;
  throw new OdoriError("OPTION_INVALID", `\`${name}\` is ${value}.`, {
    hint: "Pass a number, a time that exists, or leave it out.",
  });
}

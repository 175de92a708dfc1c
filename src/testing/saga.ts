import type { Choreography } from "../choreography/choreography.ts";
import { type Duration, parseDuration } from "../contract/duration.ts";
import { OdoriError } from "../contract/errors.ts";
import type { EventContract, Fact } from "../contract/event.ts";
import type { App } from "../runtime/start.ts";
import { hears } from "./hears.ts";
import type { RehearsalOptions } from "./options.ts";
import { Rehearsal } from "./rehearsal.ts";
import { SagaView, type ServiceName } from "./saga-view.ts";

/** How far `until` lets time pass. */
const UNTIL_DEFAULT = "30d";

/** Options of `SagaTest.begin`. */
export interface BeginSagaOptions<Native> {
  /** @default `saga-1`, and so on */
  readonly sagaId?: string;
  /**
   * Writes the rows that belong to the beginning, in the same transaction. If its promise has not
   * settled after `patienceMs`, `begin` rejects with `HANDLER_TIMEOUT`.
   */
  readonly rows?: (tx: Native) => unknown;
}

/**
 * The services of a choreography in one process: the real runtime on a virtual clock. Each method
 * resolves once nothing happens any more unless time passes. It rejects with
 * `STATEMENT_NOT_AWAITED` if a statement has come after its handler had returned. The assertions
 * are about the saga that began last; `of` has those of another.
 *
 * @example
 * ```ts
 * import { sqlite } from "odori/sqlite";
 * import { testSaga } from "odori/testing";
 * import order from "./choreography.ts";
 * import { orderPlaced } from "./contracts.ts";
 *
 * const saga = await testSaga(order, { store: () => sqlite(":memory:") });
 * await saga.begin(orderPlaced({ orderId: "o-1", amount: 100 }));
 * await saga.advance("15m");
 * await saga.assertEnded("failed");
 * ```
 */
export class SagaTest<Native> extends SagaView<Native> implements AsyncDisposable {
  readonly #rehearsal: Rehearsal<Native>;
  readonly #choreography: Choreography<Native>;
  #begun = 0;

  constructor(rehearsal: Rehearsal<Native>, choreography: Choreography<Native>) {
    super(rehearsal, choreography);
    this.#rehearsal = rehearsal;
    this.#choreography = choreography;
  }

  /** The virtual time. */
  get now(): Date {
    return new Date(this.#rehearsal.clock.now);
  }

  /** Another saga of this test. */
  of(sagaId: string): SagaView<Native> {
    return new SagaView(this.#rehearsal, this.#choreography, sagaId);
  }

  /** The running service, for code of yours that takes an `App`. Then call `settle`. */
  app(service: ServiceName): App<Native, EventContract> {
    return this.#rehearsal.player(service).app;
  }

  /** Begins a saga, by the service that declares it. Throws `NOT_HEARD` if there is none. */
  async begin(fact: Fact, options: BeginSagaOptions<Native> = {}): Promise<void> {
    const { sagaId = `saga-${this.#begun + 1}`, rows } = options;
    const player = this.#rehearsal.players.find(({ service }) =>
      service.beginnings.some(({ type }) => type === fact.type),
    );
    if (player === undefined) throw notHeard(fact.type, "begins a saga with it");
    this.#begun++;
    await this.#rehearsal.begin(player, sagaId, fact, rows);
    this.#rehearsal.checkStrays();
  }

  /**
   * Lets an event come from outside into the saga. The same fact again is the same message once
   * more. Throws `NOT_HEARD` if no service hears it.
   */
  async arrive(fact: Fact): Promise<void> {
    if (!this.#rehearsal.players.some(({ service }) => hears(service, fact.type)))
      throw notHeard(fact.type, "hears it");
    await this.#rehearsal.arrive(this.sagaId, fact);
    this.#rehearsal.checkStrays();
  }

  /**
   * Waits for what your own code has set off, such as by `app`, and once more for a handler that
   * was given up.
   */
  async settle(): Promise<void> {
    await this.#rehearsal.settleAll();
    this.#rehearsal.checkStrays();
  }

  /** Puts the clock forward: deadlines fire, and retries happen, in their order. */
  async advance(duration: Duration): Promise<void> {
    await this.#rehearsal.advance(parseDuration(duration));
    this.#rehearsal.checkStrays();
  }

  /**
   * Puts the clock forward until the saga has emitted the event, and no further. Throws
   * `NOT_REACHED` once nothing is left that could happen, or after `within`, 30 days by default.
   */
  async until(event: EventContract, within: Duration = UNTIL_DEFAULT): Promise<void> {
    const rehearsal = this.#rehearsal;
    const end = rehearsal.clock.now + parseDuration(within);
    await rehearsal.settle();
    while (!this.types.includes(event.type)) {
      if (!(await rehearsal.expects()))
        throw await this.#notReached(event, "nothing is left that could happen");
      if (!(await rehearsal.step(end)))
        throw await this.#notReached(event, `${within} have passed`);
      rehearsal.checkStrays();
    }
  }

  /** Stops the process of a service, as a deployment does. Messages wait until it comes back. */
  async dropOut(service: ServiceName): Promise<void> {
    const player = this.#rehearsal.player(service);
    if (player.present) await this.#rehearsal.leave(player);
  }

  /** Starts a process of a service that has dropped out, on the same database. */
  async comeBack(service: ServiceName): Promise<void> {
    const player = this.#rehearsal.player(service);
    if (!player.present) await this.#rehearsal.enter(player);
    this.#rehearsal.checkStrays();
  }

  /** Stops the services. Needed only where their stores hold connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rehearsal[Symbol.asyncDispose]();
  }

  async #notReached({ type }: EventContract, why: string): Promise<OdoriError> {
    const message = `${type} was not emitted in ${this.sagaId}: ${why}.`;
    return new OdoriError("NOT_REACHED", `${message}\n\n${await this.picture()}\n`);
  }
}

/**
 * Starts the services of a choreography in this process, for a test of a whole saga. Time is
 * virtual: 15 minutes in which nothing is due take microseconds.
 *
 * @example
 * ```ts
 * import { sqlite } from "odori/sqlite";
 * import { testSaga } from "odori/testing";
 * import order from "./choreography.ts";
 * import { orderCancelled, orderPlaced } from "./contracts.ts";
 *
 * const saga = await testSaga(order, { store: () => sqlite(":memory:") });
 * await saga.dropOut("stock");
 * await saga.begin(orderPlaced({ orderId: "o-1", amount: 100 }));
 * await saga.comeBack("stock");
 * await saga.assertNotEmitted(orderCancelled);
 * ```
 */
export async function testSaga<Native>(
  choreography: Choreography<Native>,
  options: RehearsalOptions<Native>,
): Promise<SagaTest<Native>> {
  return new SagaTest(await Rehearsal.open(choreography.services, options), choreography);
}

function notHeard(type: string, what: string): OdoriError {
  return new OdoriError("NOT_HEARD", `No service of the choreography ${what}: ${type}.`, {
    hint: "Name an event that one of them declares.",
  });
}

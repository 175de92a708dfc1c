import type { Service } from "../choreography/service.ts";
import { isReadingDeclarations } from "../contract/declarations-only.ts";
import type { Duration } from "../contract/duration.ts";
import { codeOf } from "../contract/errors.ts";
import type { EventContract, FactOf } from "../contract/event.ts";
import { type Portrait, portraitOf } from "../manifest/fingerprint.ts";
import type { Deferred } from "../ports/deferred.ts";
import { atMost } from "../ports/environment.ts";
import type { StoreInspection } from "../ports/inspection.ts";
import { withFields } from "../ports/logger.ts";
import type { Joined } from "../ports/store.ts";
import type { ServiceWatch } from "../ports/telemetry.ts";
import { BacklogReport } from "./backlog.ts";
import type { BeginOptions, Begun } from "./begin.ts";
import { Caution } from "./caution.ts";
import { completeJoins } from "./complete-joins.ts";
import { admit, othersAmong } from "./deployment.ts";
import { Emitter } from "./emit.ts";
import { Endings } from "./endings.ts";
import { Entrance } from "./entrance.ts";
import { Handlers } from "./handler-context.ts";
import { type Health, healthOf, serviceReport } from "./health.ts";
import { HeldDeliveries } from "./held.ts";
import { knownParts } from "./intake.ts";
import { KnownVersions } from "./known-versions.ts";
import { Membership } from "./membership.ts";
import { checkDeadlines, type Settings, type StartOptions, startSettings } from "./options.ts";
import { planService } from "./plan.ts";
import { Publisher } from "./publisher.ts";
import { Pulse } from "./pulse.ts";
import { notStarted, outboxFull, stopped } from "./refused-calls.ts";
import { Relay } from "./relay.ts";
import { stopping } from "./solo.ts";
import type { EndedStatus, SagaStatus } from "./status.ts";
import type { TaskContext } from "./task-context.ts";
import { Upkeep } from "./upkeep.ts";
import { Worker } from "./worker.ts";

/**
 * A running service; `start` makes it.
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { memoryBus, memoryStore } from "odori/memory";
 * import { orderPlaced } from "./contracts.ts";
 * import { orderInMemory } from "./services.ts";
 *
 * const app = await start(orderInMemory, {
 *   store: memoryStore(),
 *   bus: memoryBus([orderInMemory]),
 * });
 * await app.begin("o-1", () => orderPlaced({ orderId: "o-1", amount: 100 }));
 * console.log(await app.health());
 * await app.stop();
 * ```
 */
export class App<Native, Begins extends EventContract> {
  readonly name: string;
  readonly #settings: Settings<Native>;
  readonly #context: TaskContext<Native>;
  readonly #publisher: Publisher;
  readonly #worker: Worker<Native>;
  readonly #relay: Relay<Native>;
  readonly #pulse: Pulse;
  readonly #held: HeldDeliveries;
  readonly #caution = new Caution();
  readonly #service: Service<Native, Begins>;
  readonly #portrait: Portrait;
  readonly #membership: Membership;
  readonly #backlog: BacklogReport;
  #state: "ready" | "stopping" | "stopped" = "ready";
  #stopping: Promise<void> | undefined;
  readonly #endings: Endings;
  readonly #entrance: Entrance<Native>;
  readonly #watch: ServiceWatch | undefined;

  constructor(service: Service<Native, Begins>, settings: Settings<Native>) {
    this.name = service.name;
    this.#service = service;
    this.#portrait = portraitOf(service);
    this.#settings = settings;
    const {
      store,
      bus,
      environment,
      batchMax,
      inFlightMax,
      pollMs,
      quietMs,
      outboxMax,
      retentionMs,
      retry,
      handlerTimeoutMs,
      probe,
      owners,
    } = settings;
    const plan = planService(service.declaration);
    const logger = withFields(settings.logger, { service: service.name });
    const emitter = new Emitter(plan, environment);
    const handlers = new Handlers(environment, logger, handlerTimeoutMs);
    const now = () => environment.now();
    const versions = new KnownVersions(async () =>
      othersAmong(await store.declarations.all(), { portrait: this.#portrait, retentionMs, now }),
    );
    const parties = { plan, versions, owners, emitter, handlers };
    this.#held = new HeldDeliveries(environment, (deferred) =>
      this.#entrance.resume(deferred, () => {}),
    );
    const mayHold = (delayMs: number) => this.#held.mayHold(delayMs);
    this.#context = { ...parties, environment, retry, retentionMs, probe, mayHold };
    this.#watch = settings.telemetry?.watch({
      name: service.name,
      report: async () => serviceReport(await this.health()),
    });
    const watch = this.#watch;
    const refusedMax = outboxMax;
    this.#publisher = new Publisher({ bus, environment, logger, probe, refusedMax, watch });
    this.#worker = new Worker({
      service: service.name,
      store,
      publisher: this.#publisher,
      logger,
      environment,
      batchMax,
      probe,
      onDeferred: (delayMs) => this.#relay.wakeWithin(delayMs),
      onHeld: (row, seq) => this.#held.add(row, seq),
      watch,
    });
    const membership = { group: service.name, topics: plan.topics, inFlightMax };
    this.#membership = new Membership({ bus, environment, logger }, membership, (incoming) =>
      this.#entrance.deliver(incoming),
    );
    this.#backlog = new BacklogReport({ environment, store, membership: this.#membership });
    const parts = {
      store,
      publisher: this.#publisher,
      environment,
      logger,
      caution: this.#caution,
      upkeep: new Upkeep({ store, environment, logger, renew: () => this.#renew() }, retentionMs),
      due: (deferred: Deferred, settled: () => void) => this.#entrance.resume(deferred, settled),
      flush: () => this.#worker.flush(),
      refresh: () => versions.refresh(),
    };
    this.#endings = new Endings(service.declaration, { store, environment, ends: settings.ends });
    this.#entrance = new Entrance({
      context: this.#context,
      store,
      worker: this.#worker,
      endings: this.#endings,
      caution: this.#caution,
      watch,
      isReady: () => this.#state === "ready",
    });
    const known = knownParts(plan);
    this.#relay = new Relay(parts, { pollMs, quietMs, limit: outboxMax, known });
    this.#pulse = new Pulse({ store, environment, logger }, settings.leaseMs);
  }

  /** Used by `start`. */
  async open(): Promise<this> {
    const { store, environment, leaseMs } = this.#settings;
    const owner = environment.uuid();
    try {
      const opened = await store.open({
        service: this.name,
        owner,
        leaseMs,
        now: () => environment.now(),
        fingerprint: this.#portrait.fingerprint,
      });
      this.#caution.opened(opened, leaseMs, environment.now());
      for (const warning of opened.warnings)
        this.#settings.logger.warn(warning, { service: this.name });
      this.#pulse.start();
      await this.#admit();
      const { setup } = this.#service.declaration;
      if (setup !== undefined)
        await store.transaction(async (tx) => {
          // Two processes that create one table at once fail, also with IF NOT EXISTS.
          await tx.alone?.();
          await setup(tx.native);
        });
      await this.#membership.open();
    } catch (error) {
      this.#pulse.stop();
      // What failed first says more.
      const { drainMs } = this.#settings;
      await atMost(
        environment,
        drainMs,
        store.close().catch(() => {}),
      );
      this.#watch?.stopped();
      throw error;
    }
    this.#relay.start();
    this.#backlog.start();
    return this;
  }

  /** Now and then: an old process may have gathered for its own join since the start. */
  async #renew(): Promise<void> {
    await this.#settings.store.declarations.put(this.#portrait);
    await this.#completeJoins();
  }

  #completeJoins(): Promise<void> {
    const { plan, versions } = this.#context;
    return completeJoins(plan, this.#settings.store, versions.entries);
  }

  /** Looks for state of earlier versions that this one would lose. */
  async #admit(): Promise<void> {
    const { store, environment, logger, onHazard, retentionMs } = this.#settings;
    const { plan } = this.#context;
    const fields = withFields(logger, { service: this.name });
    const now = () => environment.now();
    const parts = { portrait: this.#portrait, plan, store, onHazard, retentionMs, now };
    const before = await admit({ ...parts, logger: fields });
    this.#context.versions.learn(before);
    await this.#completeJoins();
  }

  /**
   * Reads the database, and retries or discards parked deliveries.
   *
   * @example
   * ```ts
   * import { app } from "./app.ts";
   *
   * for (const { seq, problem } of await app.inspect.deferred(["parked"], 100)) {
   *   console.log(seq, problem?.code);
   *   await app.inspect.retry(seq);
   * }
   * ```
   */
  get inspect(): StoreInspection {
    return this.#settings.store.inspect;
  }

  /**
   * Begins a saga: runs `work` in a transaction, and emits the fact that it returns with the same
   * commit. If the saga was begun before, nothing is done, so a call may be repeated.
   *
   * With `within` all of that happens in a transaction that the caller has opened and commits. The
   * event is then published within `pollMs`, or within 500 ms if the commit is more than a second
   * away.
   *
   * Rejects with `OUTBOX_FULL` when `outboxMax` events wait for the bus, with `STOPPED`, with a
   * `StoreUnavailableError`, or with the error of `work`.
   *
   * @example
   * ```ts
   * import { app } from "./app.ts";
   * import { orderPlaced } from "./contracts.ts";
   *
   * const { begun } = await app.begin("o-1", async (tx) => {
   *   await tx.query("INSERT INTO orders (id) VALUES ($1)", ["o-1"]);
   *   return orderPlaced({ orderId: "o-1", amount: 100 });
   * });
   * if (!begun) console.log("The saga o-1 was begun before.");
   * ```
   */
  async begin(
    sagaId: string,
    work: (tx: Native) => FactOf<Begins> | Promise<FactOf<Begins>>,
    options: BeginOptions & { readonly within?: Joined<Native> } = {},
  ): Promise<Begun> {
    this.#checkOpen();
    this.#context.probe("received");
    if (options.within !== undefined) this.#relay.expect();
    return this.#entrance.begin(sagaId, work, options, options.within);
  }

  /**
   * Says where a saga stands, from the service's own database. Rejects with `OPTION_INVALID` if
   * `start` was not given `ends`, or with a `StoreUnavailableError`.
   *
   * @example
   * ```ts
   * import { app } from "./app.ts";
   *
   * console.log((await app.status("o-1")).state);
   * ```
   */
  async status(sagaId: string): Promise<SagaStatus> {
    return this.#endings.status(sagaId);
  }

  /**
   * Waits for the end of a saga, for an HTTP handler that replies with it. Rejects with
   * `WAIT_TIMEOUT`, after which the saga goes on, with `STOPPED`, or `WAITERS_FULL`.
   *
   * @example
   * ```ts
   * import { app } from "./app.ts";
   *
   * const { state, event } = await app.waitFor("o-1", { timeout: "5s" });
   * console.log(state, event.type);
   * ```
   */
  async waitFor(sagaId: string, options: { readonly timeout: Duration }): Promise<EndedStatus> {
    if (this.#state !== "ready") throw stopped(this.name);
    return this.#endings.wait(sagaId, options.timeout);
  }

  /** Returns the state of the service, as database and bus say it now. It does not reject. */
  health(): Promise<Health> {
    const { store } = this.#settings;
    const { plan } = this.#context;
    return healthOf({
      service: this.name,
      state: this.#state,
      store,
      known: knownParts(plan),
      worker: this.#worker,
      publisher: this.#publisher,
      membership: this.#membership,
      relay: this.#relay,
      environment: this.#settings.environment,
    });
  }

  /**
   * Stops the service: it takes no new delivery, finishes those under way, waits for the bus, and
   * closes the store, each for `drainMs` at most. Events that are left stay in the outbox, and are
   * published after the next start. Stop services that share an in-process bus together.
   *
   * @example
   * ```ts
   * import { app } from "./app.ts";
   *
   * process.once("SIGTERM", () => app.stop());
   * ```
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#state = "stopping";
    const { drainMs, environment, logger, store } = this.#settings;
    this.#endings.stop(stopped(this.name));
    this.#context.handlers.abort(stopping(this.name));
    const warn = (what: string) => (error: unknown) =>
      logger.warn(what, { service: this.name, code: codeOf(error), error });
    // Each step has its end: a database or a broker may never reply, and the process must end.
    const within = (work: Promise<void>, failed: string) =>
      atMost(environment, drainMs, work.catch(warn(failed)));
    const left = this.#membership.stop().catch(warn("leaving the bus failed"));
    this.#held.stop();
    this.#backlog.stop();
    await within(this.#relay.stop(), "the last round of the relay failed");
    await this.#worker.stop(drainMs);
    await atMost(environment, drainMs, left);
    await this.#publisher.stop(drainMs);
    await within(this.#worker.flush(), "what the bus confirmed could not be deleted");
    this.#pulse.stop();
    await within(store.close(), "closing the store failed");
    this.#state = "stopped";
    this.#watch?.stopped();
  }

  #checkOpen(): void {
    if (this.#state !== "ready") throw stopped(this.name);
    const { outboxMax } = this.#settings;
    const pending = this.#publisher.pending + this.#worker.waiting;
    if (pending >= outboxMax) throw outboxFull(this.name, outboxMax);
  }
}

/**
 * Runs a service on a store and a bus. It prepares the database, joins the consumer group, and
 * takes up the work of an earlier process. Rejects with `OPTION_INVALID`, `RETENTION_TOO_SHORT`,
 * the errors of the store and the bus, and `NOT_STARTED` where a command only reads declarations.
 */
export async function startApp<Native, Begins extends EventContract>(
  service: Service<Native, Begins>,
  options: StartOptions<Native>,
): Promise<App<Native, Begins>> {
  if (isReadingDeclarations()) throw notStarted(service.name);
  const settings = startSettings(options);
  checkDeadlines(service.declaration.deadlines, settings.retentionMs);
  const app = new App(service, settings);
  // Awaited here: a promise that an async function returns takes two turns more.
  return await app.open();
}

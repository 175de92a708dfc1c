import {
  type App,
  type Environment,
  type EventContract,
  type EventEnvelope,
  type Service,
  type StartOptions,
  start,
  systemEnvironment,
} from "odori";
import { checkAccepted } from "odori/adapter";
import { type MemoryBus, memoryBus } from "odori/memory";
import { typesPublished } from "../../src/contract/lineage.ts";
import { eventually } from "./eventually.ts";
import type { LocalKit, RemoteKit } from "./kits.ts";

/** A clock that runs, and that a test can put forward. */
export class MovableClock implements Environment {
  #ahead = 0;
  now = (): number => systemEnvironment.now() + this.#ahead;
  random = systemEnvironment.random;
  uuid = systemEnvironment.uuid;
  timer = systemEnvironment.timer;

  advance(ms: number): void {
    this.#ahead += ms;
  }
}

/** A clock that stands still: its timers run when a test puts it forward, and not before. */
export class ManualClock implements Environment {
  #now = systemEnvironment.now();
  readonly #timers = new Set<{ readonly at: number; readonly work: () => void }>();
  random = systemEnvironment.random;
  uuid = systemEnvironment.uuid;
  now = (): number => this.#now;
  timer = (delayMs: number, work: () => void): (() => void) => {
    const timer = { at: this.#now + delayMs, work };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /** Whether a timer is set that runs in exactly `delayMs`. */
  waits(delayMs: number): boolean {
    return [...this.#timers].some(({ at }) => at === this.#now + delayMs);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer);
      timer.work();
    }
  }
}

let nextId = 0;

/** An event from outside, as another service would send it. */
export function envelope(
  contract: EventContract,
  sagaId: string,
  data: unknown,
  change: Partial<EventEnvelope> = {},
): EventEnvelope {
  const id = `outside-${nextId++}`;
  return {
    specversion: "1.0",
    id,
    type: contract.type,
    source: `/${contract.domain}`,
    time: "2026-01-02T03:04:05.678Z",
    sagaId,
    correlationId: sagaId,
    data,
    ...change,
  };
}

/**
 * One service under test, and a second group that hears every event it emits. The service can be
 * restarted. `await using stage = await Stage.open(…)` closes the service, the bus and the kit.
 */
export class Stage<Begins extends EventContract> implements AsyncDisposable {
  readonly kit: LocalKit | RemoteKit;
  readonly clock = new MovableClock();
  readonly emitted: EventEnvelope[] = [];
  bus: MemoryBus;
  app: App<unknown, Begins>;
  #service: Service<unknown, Begins>;
  readonly #options: Partial<StartOptions<unknown>>;

  private constructor(
    kit: LocalKit | RemoteKit,
    service: Service<unknown, Begins>,
    bus: MemoryBus,
    app: App<unknown, Begins>,
    options: Partial<StartOptions<unknown>>,
  ) {
    this.kit = kit;
    this.#service = service;
    this.bus = bus;
    this.app = app;
    this.#options = options;
  }

  static async open<Begins extends EventContract>(
    kit: LocalKit | RemoteKit,
    service: Service<unknown, Begins>,
    options: Partial<StartOptions<unknown>> = {},
  ): Promise<Stage<Begins>> {
    await using opened = new AsyncDisposableStack();
    opened.use(kit);
    const clock = new MovableClock();
    const settings = {
      pollMs: 5,
      retry: { attempts: 3, firstMs: 1, longestMs: 2 },
      logger: silent,
      environment: clock,
      ...options,
    };
    const bus = memoryBus([service.name, "audience"]);
    opened.defer(() => bus.close());
    const app = await start(service, { ...settings, store: kit.store(service.name), bus });
    opened.defer(() => app.stop());
    const stage = new Stage(kit, service, bus, app, settings);
    Object.assign(stage, { clock });
    await stage.#overhear();
    opened.move();
    return stage;
  }

  /** Delivers events; resolves once the service has committed its reactions to them. */
  async hear(...events: readonly EventEnvelope[]): Promise<void> {
    checkAccepted(await this.bus.publish(events));
  }

  /** Types of the emitted events, in order; an event that came twice counts once. */
  get emittedTypes(): readonly string[] {
    const seen = new Set<string>();
    return this.emitted.filter(({ id }) => !seen.has(id) && seen.add(id)).map(({ type }) => type);
  }

  async effects(): Promise<readonly string[]> {
    return this.kit.effects(this.#service.name);
  }

  /** Puts the clocks of the service and of its database forward. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.kit.advance(ms);
  }

  /** Stops the service, and starts another version of it on the same database. */
  async deploy(
    service: Service<unknown, Begins>,
    options: Partial<StartOptions<unknown>> = {},
  ): Promise<void> {
    this.#service = service;
    await this.restart(options);
  }

  async restart(options: Partial<StartOptions<unknown>> = {}): Promise<void> {
    await this.app.stop();
    await this.bus.close();
    this.bus = memoryBus([this.#service.name, "audience"]);
    this.app = await start(this.#service, {
      ...this.#options,
      ...options,
      store: this.kit.store(this.#service.name),
      bus: this.bus,
    });
    await this.#overhear();
  }

  /** Fails if an event stays in the outbox: every event has a listener here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await using closing = new AsyncDisposableStack();
    closing.use(this.kit);
    closing.defer(() => this.bus.close());
    closing.defer(() => this.app.stop());
    if ((await this.app.health()).state === "stopped") return;
    await eventually("the outbox is empty", () => this.#outbox(), 0);
  }

  async #outbox(): Promise<number> {
    return (await this.app.inspect.counts()).outbox;
  }

  async #overhear(): Promise<void> {
    const { declaration } = this.#service;
    const outcomes = declaration.reactions.flatMap(({ emits, fails, late, onParked }) => [
      ...emits.flat(),
      ...fails.flat(),
      ...(late?.emits.flat() ?? []),
      ...(onParked === undefined ? [] : [onParked.emits]),
    ]);
    const topics = new Set(
      [
        ...declaration.begins,
        ...outcomes,
        ...declaration.deadlines.flatMap(({ emits, onParked }) =>
          onParked === undefined ? [emits] : [emits, onParked.emits],
        ),
      ].flatMap(typesPublished),
    );
    await this.bus.subscribe(
      { group: "audience", topics: [...topics], inFlightMax: 1_000 },
      async (incoming) => {
        if (!("malformed" in incoming)) this.emitted.push(incoming);
      },
    );
  }
}

export const silent = { debug() {}, info() {}, warn() {}, error() {} };

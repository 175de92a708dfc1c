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
import { type MemoryBus, memoryBus } from "odori/memory";
import type { Kit } from "./kits.ts";

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

/** One service under test, whatever it emits overheard, and restarts. */
export class Stage<Begins extends EventContract> {
  readonly kit: Kit;
  readonly clock = new MovableClock();
  readonly emitted: EventEnvelope[] = [];
  bus: MemoryBus;
  app: App<unknown, Begins>;
  readonly #service: Service<unknown, Begins>;
  readonly #options: Partial<StartOptions<unknown>>;

  private constructor(
    kit: Kit,
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
    kit: Kit,
    service: Service<unknown, Begins>,
    options: Partial<StartOptions<unknown>> = {},
  ): Promise<Stage<Begins>> {
    const clock = new MovableClock();
    const settings = {
      pollMs: 5,
      retry: { attempts: 3, firstMs: 1, longestMs: 2 },
      logger: silent,
      environment: clock,
      ...options,
    };
    const bus = memoryBus([service.name, "audience"]);
    const app = await start(service, { ...settings, store: kit.store(service.name), bus });
    const stage = new Stage(kit, service, bus, app, settings);
    Object.assign(stage, { clock });
    await stage.#overhear();
    return stage;
  }

  /** Delivers an event; resolves once the service has committed what it made of it. */
  async hear(...events: readonly EventEnvelope[]): Promise<void> {
    await this.bus.publish(events);
  }

  /** Types of what was emitted, in order, without what came more than once. */
  get emittedTypes(): readonly string[] {
    const seen = new Set<string>();
    return this.emitted.filter(({ id }) => !seen.has(id) && seen.add(id)).map(({ type }) => type);
  }

  effects(): readonly string[] {
    return this.kit.effects(this.#service.name);
  }

  async restart(): Promise<void> {
    await this.app.stop();
    await this.bus.close();
    this.bus = memoryBus([this.#service.name, "audience"]);
    this.app = await start(this.#service, {
      ...this.#options,
      store: this.kit.store(this.#service.name),
      bus: this.bus,
    });
    await this.#overhear();
  }

  /** Ends the test; nothing may be left in the outbox, since everybody was there to hear it. */
  async close(): Promise<void> {
    const running = (await this.app.health()).state !== "stopped";
    if (running)
      await eventually(
        "the outbox is empty",
        async () => (await this.app.inspect.counts()).outbox === 0,
      );
    await this.app.stop();
    await this.bus.close();
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
      [...declaration.begins, ...outcomes, ...declaration.deadlines.map(({ emits }) => emits)].map(
        ({ type }) => type,
      ),
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

/** Waits until `done` holds; fails with `what` when it does not happen. */
export async function eventually(
  what: string,
  done: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const until = performance.now() + limitMs;
  while (!(await done())) {
    if (performance.now() > until)
      throw new Error(`It did not happen within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

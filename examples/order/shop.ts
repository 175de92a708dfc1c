import {
  type App,
  type Bus,
  type EventEnvelope,
  jsonLogger,
  OdoriError,
  type Store,
  type StoreInspection,
  start,
} from "odori";
import { type TraceStep, traceOf } from "odori/observe";
import { type Child, spawnService } from "./children.ts";
import { orderPlaced } from "./contracts.ts";
import { type Databases, run, type Tx } from "./database.ts";
import { inventory } from "./inventory.ts";
import { order } from "./order.ts";
import type { Order } from "./orders.ts";
import { payment } from "./payment.ts";
import { shipping } from "./shipping.ts";
import { busOf, type Wiring } from "./wiring.ts";

interface RunningService {
  readonly name: string;
  readonly inspect: StoreInspection;
  stop(): Promise<void>;
}

/** Orders under way at once: enough to fill batches. */
const OPEN_MAX = 1_000;
/** Without progress for this long, something is wrong. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 20;
const OTHERS = [payment, inventory, shipping];

/**
 * The order service in this process, where orders are placed, and the three others: in this process
 * too with the in-process bus, each in a process of its own with any other.
 */
export class Shop {
  readonly databases: Databases;
  readonly #bus: Bus;
  readonly #order: App<Tx, typeof orderPlaced>;
  readonly #services: readonly RunningService[];
  readonly #alone: boolean;
  #first: EventEnvelope | undefined;

  private constructor(
    wiring: Wiring,
    databases: Databases,
    bus: Bus,
    begins: App<Tx, typeof orderPlaced>,
    others: readonly RunningService[],
  ) {
    this.databases = databases;
    this.#bus = bus;
    this.#order = begins;
    this.#services = [begins, ...others];
    this.#alone = wiring.bus === "memory";
  }

  static async open(wiring: Wiring, databases: Databases, duplicates: boolean): Promise<Shop> {
    const own = await busOf(wiring, order.name);
    const bus = duplicates ? twice(own) : own;
    const on = (name: string) => ({
      store: databases.store(name),
      bus,
      logger: jsonLogger("warn"),
    });
    // The others first: a bus knows a group once it has been there.
    const children = OTHERS.map((service) =>
      wiring.bus === "memory"
        ? start(service, on(service.name))
        : spawnService(service.name, wiring).then((child) =>
            beside(service.name, child, databases),
          ),
    );
    const [begins, ...others] = await Promise.all([start(order, on("order")), ...children]);
    return new Shop(wiring, databases, bus, begins, others);
  }

  /** Orders ever placed. */
  async placed(): Promise<number> {
    const [row] = await this.databases.read("order", "SELECT count(*) AS orders FROM orders");
    return Number(row?.orders);
  }

  /** Orders that have not come to an end, oldest first. */
  async open(): Promise<readonly string[]> {
    const rows = await this.databases.read(
      "order",
      "SELECT order_id FROM orders WHERE state = 'placed' ORDER BY order_id",
    );
    return rows.map((row) => String(row.order_id));
  }

  async states(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.databases.read("order", "SELECT order_id, state FROM orders");
    return new Map(rows.map((row) => [String(row.order_id), String(row.state)]));
  }

  /**
   * Places orders, no more than `OPEN_MAX` of them under way, and waits until all have ended.
   * `progress` hears how many are still open.
   */
  async run(
    orders: readonly Order[],
    signal: AbortSignal,
    progress: (placed: number, open: number) => void,
  ): Promise<void> {
    for (let from = 0; from < orders.length && !signal.aborted; from += OPEN_MAX / 2) {
      await this.#untilOpen(OPEN_MAX / 2, signal, (open) => progress(from, open));
      await Promise.all(orders.slice(from, from + OPEN_MAX / 2).map((one) => this.#place(one)));
    }
    await this.#untilOpen(0, signal, (open) => progress(orders.length, open));
  }

  /**
   * Delivers the event of the first order of this run once more, as a bus may at any time;
   * undefined where none was placed, or where another process handles it, unseen.
   */
  async redeliver(): Promise<{ readonly orderId: string; readonly changed: boolean } | undefined> {
    if (this.#first === undefined || !this.#alone) return undefined;
    const { sagaId: orderId } = this.#first;
    // That a duplicate came is counted; nothing else may tell that it did.
    const steps = async () =>
      JSON.stringify((await this.trace(orderId)).map((step) => ({ ...step, duplicates: 0 })));
    const before = await steps();
    await this.#bus.publish([this.#first]);
    return { orderId, changed: (await steps()) !== before };
  }

  async trace(orderId: string): Promise<readonly TraceStep[]> {
    const journals = this.#services.map(async ({ name, inspect }) => ({
      service: name,
      records: await inspect.journal(orderId),
    }));
    return traceOf(await Promise.all(journals));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.stop()));
    await this.#bus.close();
  }

  async #place({ orderId, amountCents, ...goods }: Order): Promise<void> {
    const { event } = await this.#order.begin(orderId, async (tx) => {
      await run(
        tx,
        "INSERT INTO orders (order_id, amount_cents, state) VALUES (?, ?, 'placed')",
        orderId,
        amountCents,
      );
      return orderPlaced({ orderId, amountCents, ...goods });
    });
    this.#first ??= event;
  }

  async #untilOpen(most: number, signal: AbortSignal, look: (open: number) => void): Promise<void> {
    let last = { open: Number.POSITIVE_INFINITY, at: performance.now() };
    for (;;) {
      const open = (await this.open()).length;
      look(open);
      if (open <= most || signal.aborted) return;
      if (open !== last.open) last = { open, at: performance.now() };
      if (performance.now() - last.at > PATIENCE_MS) throw await this.#stuck(open);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async #stuck(open: number): Promise<OdoriError> {
    const parked = await Promise.all(
      this.#services.map(({ inspect }) => inspect.deferred(["parked"], 1)),
    );
    const problem = parked.flat()[0]?.problem?.message;
    return new OdoriError(
      "PERMANENT",
      `${open} orders make no progress${problem === undefined ? "" : `: ${problem}`}.`,
      {
        hint: "Look with `odori parked list` and `odori trace` what they wait for.",
      },
    );
  }
}

/** A service in another process: its database can be read from here all the same. */
function beside(name: string, child: Child, databases: Databases): RunningService {
  const store: Store<Tx> = databases.store(name);
  const stop = async () => {
    await child.stop();
    await store.close();
  };
  return { name, inspect: store.inspect, stop };
}

/** A bus that delivers everything twice, as any bus may. */
function twice(bus: Bus): Bus {
  return {
    guarantees: bus.guarantees,
    publish: async (events) => (await bus.publish([...events, ...events])).slice(0, events.length),
    subscribe: (options, deliver) => bus.subscribe(options, deliver),
    close: () => bus.close(),
  };
}
